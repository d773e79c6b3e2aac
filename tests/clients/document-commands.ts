import type { ClientPlace } from './client-process';
import type { ClientHub } from './hub';

/**
 * Runs the lines of a block of a document for this hub as a user would: in a shell with the token of alice in `$TOKEN`, and with
 * the socket of the place's docker daemon.
 *
 * @returns everything that they printed
 */
export async function runCommands(
  place: ClientPlace,
  { host, accessToken }: ClientHub,
  block: string,
): Promise<string> {
  const lines = [`TOKEN=${accessToken}`, `export DOCKER_HOST=unix://${place.dir}/docker.sock`, 'set -e', block];
  const { code, output } = await place.attempt('sh', ['-c', lines.join('\n').replaceAll('127.0.0.1:5000', host)]);
  if (code !== 0) throw new Error(`the commands of the document ended with ${code}: ${output}`);
  return output;
}
