import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import request from 'supertest';
import { createImage, startPush, type TestImage } from './images';
import { waitUntil } from './wait-until';

/** A layer of which half is sent: its request is in flight for as long as the test likes. */
export interface SlowUpload {
  readonly image: TestImage;
  /** Sends the rest; resolves to the last line of the head's first line and body: `200 true`. */
  finish(): Promise<string>;
  /** Resolves when the server cuts the connection. */
  readonly cut: Promise<void>;
}

/**
 * Announces an image, sends its json and half of its layer, and waits until a process writes that.
 *
 * @param dataDir - of the server; no other upload may be in progress there
 */
export async function beginSlowUpload(
  { url, dataDir }: { url: string; dataDir: string },
  repository: string,
  user = 'alice',
): Promise<SlowUpload> {
  const image = createImage({ layer: Buffer.alloc(3_000_000, 'slow') });
  const token = await startPush({ server: url }, repository, [image], user);
  await request(url)
    .put(`/v1/images/${image.id}/json`)
    .set('Authorization', token)
    .send(image.json.toString())
    .expect(200);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const head = [
    `PUT /v1/images/${image.id}/layer HTTP/1.1`,
    'Host: hub.test',
    `Authorization: ${token}`,
    `Content-Length: ${image.layer.length}`,
    'Expect: 100-continue',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const [first] = (await once(socket, 'data')) as [Buffer];
  if (!/^HTTP\/1\.1 100 /.test(first.toString())) throw new Error(`the layer is not wanted: ${first.toString()}`);
  const half = image.layer.length / 2;
  socket.write(image.layer.subarray(0, half));
  await waitUntil('the first half in the store', async () => (await storedIn(dataDir)).halves.length > 0);
  socket.on('error', () => undefined);
  const cut = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    image,
    cut,
    finish: async () => {
      let answer = '';
      socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
      socket.write(image.layer.subarray(half));
      await cut; // a server that drains asks for it by Connection: close, or closes it as idle
      const [, status = 'no answer', body = ''] = /^HTTP\/1\.1 (\d+)[^]*?\r\n\r\n([^]*)$/.exec(answer) ?? [];
      return `${status} ${body}`;
    },
  };
}

/** The content of a data directory: the sha256 of each layer, and the partial files. */
export async function storedIn(dataDir: string): Promise<{ layers: string[]; halves: string[] }> {
  const blobs = path.join(dataDir, 'blobs');
  const layers: string[] = [];
  for (const entry of await readdir(path.join(blobs, 'sha256'), { recursive: true, withFileTypes: true }).catch(
    () => [],
  )) {
    if (entry.isFile()) layers.push(sha256(await readFile(path.join(entry.parentPath, entry.name))));
  }
  return { layers, halves: await readdir(path.join(blobs, 'uploads')).catch(() => []) };
}

/** As `storedIn` names a layer. */
export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
