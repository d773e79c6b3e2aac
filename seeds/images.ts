import { createHash } from 'node:crypto';
import { writeTar } from '../src/platform/tar/write-tar';

/** An image as an engine would push it. */
export interface DemoImage {
  readonly id: string;
  readonly json: Buffer;
  readonly layer: Buffer;
}

interface DemoFile {
  readonly path: string;
  readonly text: string;
}

const CREATED = new Date('2014-06-09T12:00:00Z');

/** Creates an image; every call returns the same one, with the same id. */
function createImage(comment: string, files: readonly DemoFile[], parent?: DemoImage): DemoImage {
  const layer = writeTar(
    files.map(({ path, text }) => ({ name: path, body: Buffer.from(text) })),
    CREATED,
  );
  const hash = createHash('sha256').update(parent?.id ?? '');
  const id = hash.update(comment).update(layer).digest('hex');
  const config = { Cmd: ['cat', `/${files[0]?.path ?? ''}`] };
  const json = {
    id,
    ...(parent === undefined ? {} : { parent: parent.id }),
    comment,
    created: CREATED.toISOString(),
    container_config: config,
    docker_version: '1.0.0',
    config,
    architecture: 'amd64',
    os: 'linux',
    Size: files.reduce((sum, file) => sum + Buffer.byteLength(file.text), 0),
  };
  return { id, json: Buffer.from(JSON.stringify(json)), layer };
}

/** The base of all the others. */
export const BASE = createImage('demo: base', [{ path: 'etc/motd', text: 'Served by Drydock.\n' }]);
export const HELLO_1 = createImage('demo: hello 1.0', [{ path: 'hello.txt', text: 'Hello.\n' }], BASE);
export const HELLO_2 = createImage('demo: hello 2.0', [{ path: 'hello.txt', text: 'Hello again.\n' }], HELLO_1);
export const PUBLIC = createImage(
  'demo: for everyone',
  [{ path: 'public.txt', text: 'Anyone can read this.\n' }],
  HELLO_2,
);
export const PRIVATE = createImage(
  'demo: private',
  [{ path: 'private.txt', text: 'Only the owner can read this.\n' }],
  BASE,
);
