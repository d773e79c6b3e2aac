import { isInstalled, isInstalledForRoot } from '../helpers/installed';
import { versionOf } from './client-process';

const VERSIONS = {
  docker: () => isInstalledForRoot('dockerd', 'docker.io') && versionOf('dockerd', '--version'),
  podman: () => isInstalledForRoot('podman') && versionOf('podman', '--version'),
  buildah: () => isInstalledForRoot('buildah') && versionOf('buildah', '--version'),
  skopeo: () => isInstalled('skopeo', '--version') && versionOf('skopeo', '--version'),
} as const;

/** A client of Debian that tests may run. */
export type DebianClient = keyof typeof VERSIONS;

/**
 * The version of a client; empty when its tests cannot run, which is reported.
 *
 * @throws Error in CI when it is not installed
 */
export function installedVersion(client: DebianClient): string {
  const version = VERSIONS[client]();
  return version === false ? '' : version;
}
