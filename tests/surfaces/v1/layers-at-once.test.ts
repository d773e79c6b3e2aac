import { randomBytes } from 'node:crypto';
import { readdir, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createImage, pushImages, startPull } from '../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { waitUntil } from '../../helpers/wait-until';
import { Connection } from '../../platform/http/listening';

/*
 * The buffers in which layers are read are reused: no reader may ever get a byte of another one's layer.
 */

const READERS = 24;
const LAYER_BYTES = 12 * 1024 * 1024; // more than the kernel keeps for a slow reader

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

/** Makes a reader wait so long after each piece. */
function slowDown({ socket }: Connection, pauseMs: number): void {
  socket.on('data', () => {
    socket.pause();
    setTimeout(() => socket.resume(), pauseMs);
  });
}

async function openLayers(): Promise<number> {
  const numbers = await readdir('/proc/self/fd');
  const files = await Promise.all(numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => '')));
  return files.filter((file) => file.startsWith(server.blobDir)).length;
}

it('many readers at different speeds, some of which disconnect, never get each other’s bytes', async () => {
  const images = Array.from({ length: 6 }, () => createImage({ layer: randomBytes(LAYER_BYTES) }));
  for (const [i, image] of images.entries()) await pushImages(server, `alice/app-${i}`, [image]);
  const tokens = await Promise.all(images.map((_, i) => startPull(server, `alice/app-${i}`)));

  const read = async (reader: number): Promise<void> => {
    const number = reader % images.length;
    const image = images[number]!;
    const connection = new Connection(server.port);
    connection.socket.write(
      `GET /v1/images/${image.id}/layer HTTP/1.1\r\nHost: hub.test\r\nConnection: close\r\n` +
        `Authorization: ${tokens[number]}\r\n\r\n`,
    );
    slowDown(connection, reader % 5);
    if (reader % 4 === 3) {
      await connection.until('HTTP/1.1 200');
      await sleep(reader * 5);
      connection.socket.destroy();
      return;
    }
    const answer = Buffer.from(await connection.all(), 'latin1');
    const body = answer.subarray(answer.indexOf('\r\n\r\n') + 4);
    expect([reader, body.length, body.equals(image.layer)]).toEqual([reader, LAYER_BYTES, true]);
  };
  await Promise.all(Array.from({ length: READERS }, (_, reader) => read(reader)));

  await waitUntil('closed layers', async () => (await openLayers()) === 0); // the server notices disconnects a moment later
});
