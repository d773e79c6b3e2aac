import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Waits until a server says where it listens. The rest of its output is read and forgotten. */
export async function listeningLine(output: Readable): Promise<string> {
  let url: string | undefined;
  for await (const line of createInterface(output)) {
    url = /Drydock listens on (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) break;
  }
  output.resume();
  if (url === undefined) throw new Error('the server ended before it listened');
  return url;
}
