import { once } from 'node:events';
import { connect } from 'node:net';
import type { Target } from './load';

/* Load of HEAD requests: wrk waits for the body that the length of the answer promises. */

const END_OF_HEAD = '\r\n\r\n';

/** One connection that sends a request as soon as the last one is answered; resolves to the number of answers. */
async function sendHeads({ url, headers = {} }: Target, untilMs: number): Promise<number> {
  const { hostname, port, pathname, host } = new URL(url);
  const lines = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  const request = `HEAD ${pathname} HTTP/1.1\r\n${lines.join('\r\n')}${END_OF_HEAD}`;
  const socket = connect(Number(port), hostname).setNoDelay(true);
  let answers = 0;
  let head = '';
  socket.on('data', (chunk: Buffer) => {
    head += chunk.toString('latin1');
    if (!head.endsWith(END_OF_HEAD)) return;
    if (!head.startsWith('HTTP/1.1 200 ')) {
      socket.destroy(new Error(`HEAD ${url} answered ${head}`));
      return;
    }
    answers += 1;
    head = '';
    if (performance.now() < untilMs) socket.write(request);
    else socket.end();
  });
  const ended = once(socket, 'close');
  socket.write(request);
  await ended;
  return answers;
}

/** Resolves to the answers per second; throws when any of them was not a success. */
export async function measureHeads(target: Target): Promise<number> {
  const startedAt = performance.now();
  const untilMs = startedAt + target.seconds * 1000;
  const counts = await Promise.all(Array.from({ length: target.connections }, () => sendHeads(target, untilMs)));
  return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - startedAt) / 1000);
}
