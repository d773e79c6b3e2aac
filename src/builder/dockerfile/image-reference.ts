import { BuildFailure } from '../build-failure';
import type { NeededImage } from './base-images';

/** Where an image is. */
export interface ImageReference {
  /** Undefined: this hub. */
  readonly registry: string | undefined;
  /** `namespace/name`; in another registry whatever it is there. */
  readonly repository: string;
  /** A tag, or a digest. */
  readonly reference: string;
}

/** Which registries a build may use. */
export interface Registries {
  /** The hosts of this hub, with their ports. */
  readonly own: readonly string[];
  /** Other registries that the operator allows. */
  readonly allowed: readonly string[];
}

const HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/i;
const PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const PATH = new RegExp(`^${PART}(?:/${PART})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

function split(name: string): { registry: string | undefined; rest: string } {
  const at = name.indexOf('/');
  const first = name.slice(0, Math.max(at, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost';
  return isHost ? { registry: first, rest: name.slice(at + 1) } : { registry: undefined, rest: name };
}

/**
 * Reads the name of an image that a Dockerfile needs. A name without a host is in this hub, without a namespace in its
 * library. Names of other kinds, such as `oci:/folder` and `docker-archive:file`, are refused: they are files.
 *
 * @throws BuildFailure when it is not such a name, or in a registry that the operator does not allow
 */
export function imageReference(
  { reference: written, line }: NeededImage,
  { own, allowed }: Registries,
): ImageReference {
  const [beforeDigest = '', digest, ...more] = written.replace(/^docker:\/\//, '').split('@');
  const { registry, rest } = split(beforeDigest);
  const [, path = '', tag] = /^(.*?)(?::([^:/]*))?$/.exec(rest) ?? [];
  const isGood =
    (registry === undefined || HOST.test(registry)) &&
    PATH.test(path) &&
    more.length === 0 &&
    (tag === undefined || TAG.test(tag)) &&
    (digest === undefined || DIGEST.test(digest));
  if (!isGood)
    throw new BuildFailure(`${quoted(written)} in line ${line} of the Dockerfile is not the name of an image.`);
  const reference = digest ?? tag ?? 'latest';
  if (registry === undefined || own.includes(registry)) {
    return { registry: undefined, repository: path.includes('/') ? path : `library/${path}`, reference };
  }
  if (allowed.includes(registry)) return { registry, repository: path, reference };
  throw new BuildFailure(
    `${quoted(written)} in line ${line} of the Dockerfile is in another registry, from which builds here may not pull.`,
  );
}

function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)}"`;
}

/** The full name under which the build finds an image, with its host. */
export function fullName({ registry, repository, reference }: ImageReference, hub: string): string {
  return `${registry ?? hub}/${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
}
