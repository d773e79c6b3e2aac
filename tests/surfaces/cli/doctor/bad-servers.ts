import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A listener that is not a v1 server. */
export interface BadServer {
  readonly url: string;
  close(): Promise<void>;
}

async function listening(server: Server): Promise<BadServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A server that answers as `docker-registry` 2: v2, and 404 for everything else. */
export function startV2Registry(): Promise<BadServer> {
  return listening(
    createHttpServer((req, res) => {
      res.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
      if (req.url === '/v2/') res.setHeader('Content-Type', 'application/json; charset=utf-8').end('{}');
      else res.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
    }),
  );
}

/** A web server: 404 for everything, in HTML. */
export function startWebServer(): Promise<BadServer> {
  return listening(
    createHttpServer((_req, res) => {
      res.writeHead(404, { 'Content-Type': 'text/html' }).end('<html>Not Found</html>');
    }),
  );
}

/** A server that sends every client the same bytes and closes the connection, unless it has nothing to send. */
export function startRawServer(words: string | undefined): Promise<BadServer> {
  return listening(
    createServer((socket) => {
      socket.once('data', () => {
        if (words !== undefined) socket.end(words, 'latin1');
      });
    }),
  );
}

/** A server that never stops sending. */
export function startEndlessServer(opening: string, more: string): Promise<BadServer> {
  return listening(
    createServer((socket) => {
      socket.write(opening);
      const talk = (): void => {
        while (socket.writable && socket.write(more));
      };
      socket.on('drain', talk).on('data', () => undefined);
      talk();
    }),
  );
}
