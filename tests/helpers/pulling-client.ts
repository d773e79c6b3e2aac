import { connect, type Socket } from 'node:net';

/*
 * A client that pulls as fast as it can: requests one after the other over persistent connections, written and parsed
 * by hand, because it shares the cores with the server.
 */

const END_OF_HEAD = '\r\n\r\n';

/** One request, and its answer's status; undefined when the server closed the connection instead. */
async function ask(socket: Socket, request: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const finish = (status: number | undefined): void => {
      socket.removeListener('data', onData);
      socket.removeListener('close', onClose);
      resolve(status);
    };
    const onClose = (): void => finish(undefined);
    const onData = (chunk: string): void => {
      answer += chunk;
      const end = answer.indexOf(END_OF_HEAD);
      if (end < 0) return;
      const length = /^content-length: (\d+)\r?$/im.exec(answer.slice(0, end + 2))?.[1];
      if (length === undefined) throw new Error(`an answer without a length: ${answer}`);
      if (answer.length >= end + END_OF_HEAD.length + Number(length)) finish(Number(answer.slice(9, 12)));
    };
    socket.on('data', onData);
    socket.once('close', onClose);
    socket.write(request, 'latin1');
  });
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1').setNoDelay(true);
  socket.on('error', () => undefined); // a close follows
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('close', () => reject(new Error('nobody listens')));
  });
  return socket;
}

/**
 * Reads an image list `times` times over so many connections, which are opened again when the server closes them; a
 * request that it did not answer is sent again.
 *
 * @param onAnswer - gets the number of answers so far
 * @returns the number of answers of each status
 */
export async function pullMany(
  url: string,
  options: {
    repository: string;
    times: number;
    connections: number;
    userAgents: readonly string[];
    onAnswer?: (answers: number) => void;
  },
): Promise<Map<number, number>> {
  const { repository, times, connections, userAgents, onAnswer } = options;
  const { host, port } = new URL(url);
  const requests = userAgents.map(
    (userAgent) =>
      `GET /v1/repositories/${repository}/images HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${userAgent}${END_OF_HEAD}`,
  );
  const statuses = new Map<number, number>();
  let begun = 0;
  let answers = 0;
  const work = async (): Promise<void> => {
    let socket = await open(Number(port));
    while (begun < times) {
      const request = requests[begun % requests.length] ?? '';
      begun += 1;
      let status = await ask(socket, request);
      while (status === undefined) {
        socket = await open(Number(port));
        status = await ask(socket, request);
      }
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      answers += 1;
      onAnswer?.(answers);
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: connections }, work));
  return statuses;
}
