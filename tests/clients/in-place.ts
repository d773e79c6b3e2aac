import type { ClientPlace } from './client-process';

/* Options that podman, buildah and skopeo need here. */

/** Plain http. */
export const PLAIN = '--tls-verify=false';

/** podman with its images in the folder of the place. */
export function podmanInPlace({ dir }: ClientPlace): string[] {
  const folders = ['--root', `${dir}/images`, '--runroot', `${dir}/run`, '--tmpdir', `${dir}/tmp`];
  return ['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', ...folders];
}

/** buildah with its images in the folder of the place. */
export function buildahInPlace({ dir }: ClientPlace): string[] {
  return ['--storage-driver', 'vfs', '--root', `${dir}/images`, '--runroot', `${dir}/run`];
}

/** `skopeo copy` from and to servers with plain http. */
export const SKOPEO_COPY = ['copy', '--src-tls-verify=false', '--dest-tls-verify=false'];
