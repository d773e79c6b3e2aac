import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { packTar, type PackEntry } from '../../features/images/tar/pack-tar';
import { payloadOf, type TestImage } from '../images';

/** A line of a Dockerfile, and what its layer brought: paths, each with its size. */
export interface Step {
  /** As the engine recorded it: after `#(nop)` unless it ran. */
  readonly line: string;
  readonly files?: Readonly<Record<string, number>>;
}

const FIRST_BUILD = Date.UTC(2015, 2, 2, 9, 30);
const STEP_MS = 97_000;
const NOBODY_RAN_IT = /^(ADD|COPY|CMD|ENV|EXPOSE|ENTRYPOINT|MAINTAINER|USER|VOLUME|WORKDIR) /;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Bytes that no compression makes smaller, so that layers are as large as their files; the same for the same path. */
function contentOf(path: string, size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < size; at += 32) blocks.push(createHash('sha256').update(`${path} ${at}`).digest());
  return Buffer.concat(blocks).subarray(0, size);
}

function folders(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`);
}

function layerOf({ files = {} }: Step): Buffer {
  const paths = Object.entries(files);
  const above = [...new Set(paths.flatMap(([path]) => folders(path)))].sort();
  const owner = { mtime: FIRST_BUILD / 1000, uname: 'root', gname: 'root' };
  const entries: PackEntry[] = [
    ...above.map((name) => ({ ...owner, name, mode: 0o755, typeflag: '5' })),
    ...paths.map(([name, size]) => ({ ...owner, name, body: contentOf(name, size) })),
  ];
  return gzipSync(packTar(...entries));
}

function commandOf(line: string): string[] {
  return ['/bin/sh', '-c', NOBODY_RAN_IT.test(line) ? `#(nop) ${line}` : line];
}

/**
 * What `docker build` makes of the steps on a parent: one image each, base first. The same steps on the same parent are
 * the same images, as by the build cache.
 *
 * @param more - goes into the json of each image
 */
export function build(
  steps: readonly Step[],
  parent?: TestImage,
  more: Readonly<Record<string, unknown>> = {},
): TestImage[] {
  const images: TestImage[] = [];
  for (const step of steps) {
    const parentId = (images.at(-1) ?? parent)?.id;
    const id = digest(`${parentId} ${step.line} ${JSON.stringify(more)}`);
    const config = { Cmd: ['/bin/bash'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] };
    const json = {
      id,
      ...(parentId === undefined ? {} : { parent: parentId }),
      created: new Date(FIRST_BUILD + images.length * STEP_MS).toISOString(),
      container: digest(`container ${id}`),
      container_config: { ...config, Hostname: id.slice(0, 12), Cmd: commandOf(step.line) },
      docker_version: '1.5.0',
      author: '',
      config,
      architecture: 'amd64',
      os: 'linux',
      Size: Object.values(step.files ?? {}).reduce((sum, size) => sum + size, 0),
      ...more,
    };
    const bytes = Buffer.from(JSON.stringify(json));
    const layer = layerOf(step);
    images.push({ id, json: bytes, layer, payload: payloadOf(bytes, layer) });
  }
  return images;
}
