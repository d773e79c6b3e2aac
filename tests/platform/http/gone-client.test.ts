import { once } from 'node:events';
import { json } from '../../../src/platform/http/exchange';
import { requestState } from '../../../src/platform/http/request-state';
import { Connection, serve } from './listening';

const HEAD = 'GET /path HTTP/1.1\r\nHost: hub.test\r\n\r\n';

it('a handler learns that its client disconnected before the answer', async () => {
  let began: (signal: AbortSignal) => void = () => undefined;
  const beginning = new Promise<AbortSignal>((resolve) => (began = resolve));
  const server = await serve(async (req) => {
    const { signal } = requestState(req);
    began(signal);
    await once(signal, 'abort');
    throw signal.reason;
  });
  const connection = new Connection(server.port);
  connection.socket.write(HEAD);
  const signal = await beginning;
  expect(signal.aborted).toBe(false);
  connection.socket.destroy();
  if (!signal.aborted) await once(signal, 'abort');
  expect(signal.reason).toMatchObject({ name: 'AppError', message: 'The client has gone' });
  await server.close();
});

it('a client that has its answer does not count as disconnected, whatever it does next', async () => {
  const signals: AbortSignal[] = [];
  const server = await serve((req) => {
    signals.push(requestState(req).signal);
    return json(200, 'done');
  });
  const connection = new Connection(server.port);
  connection.socket.write(HEAD);
  await connection.until('"done"');
  connection.socket.write(HEAD.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  await connection.all();
  await server.close();
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
});
