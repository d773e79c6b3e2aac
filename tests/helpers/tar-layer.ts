import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { packTar } from '../features/images/tar/pack-tar';

function sha256(...parts: (Buffer | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** A layer with one small file, and the sums that engines make of it. */
export interface TarLayer {
  readonly tar: Buffer;
  /** what an engine sends */
  readonly gzipped: Buffer;
  /** other bytes with the same tar in them */
  readonly stored: Buffer;
  /** `X-Docker-Checksum`, over the image's json */
  tarsum(json: Buffer): string;
  /** `X-Docker-Checksum-Payload` of docker 0.9, which nobody can compute from what was sent */
  readonly tarSha256: string;
}

/** The tarsum is written out from protocol 5.2, for one file. */
export function createTarLayer(text: string): TarLayer {
  const body = Buffer.from(text);
  const tar = packTar({ name: 'etc/motd', mode: 0o644, uid: 7, gid: 8, mtime: 1400000000, uname: 'root', body });
  const facts =
    `nameetc/motdmode420uid7gid8size${body.length}mtime1400000000typeflag0linkname` +
    'unamerootgnamedevmajor0devminor0';
  const digest = sha256(facts, body);
  return {
    tar,
    gzipped: gzipSync(tar),
    stored: gzipSync(tar, { level: 0 }),
    tarsum: (json) => `tarsum+sha256:${sha256(json, digest)}`,
    tarSha256: `sha256:${sha256(tar)}`,
  };
}
