import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import type { Resolve } from '../../src/platform/http/guarded-post';

/** Our own name server, which answers one question after the other from a list. */
export interface DnsServer {
  /** Resolves with only this server. */
  readonly resolve: Resolve;
  /** How often it was asked for IPv4 addresses. */
  questions(): number;
  close(): void;
}

function answerTo(question: Buffer, address: string): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const isForIPv4 = question.readUInt16BE(end - 4) === 1;
  const header = Buffer.from([question[0]!, question[1]!, 0x81, 0x80, 0, 1, 0, isForIPv4 ? 1 : 0, 0, 0, 0, 0]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([header, question.subarray(12, end), ...(isForIPv4 ? [record] : [])]);
}

/**
 * Starts one.
 *
 * @param addresses - what every name resolves to, one after the other; the last one stays
 */
export async function startDnsServer(addresses: readonly string[]): Promise<DnsServer> {
  const socket = createSocket('udp4');
  let questions = 0;
  socket.on('message', (question: Buffer, from: RemoteInfo) => {
    const address = addresses[Math.min(questions, addresses.length - 1)]!;
    questions += 1;
    socket.send(answerTo(question, address), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    resolve: (host) => resolver.resolve4(host),
    questions: () => questions,
    close: () => socket.close(),
  };
}
