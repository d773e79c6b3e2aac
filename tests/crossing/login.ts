import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ClientPlace } from '../clients/client-process';
import { passwordOf } from '../helpers/test-server';

/** Logs all clients of a place in as alice: their files of credentials have one format. */
export async function logIn({ environment }: ClientPlace, host: string): Promise<void> {
  const auth = Buffer.from(`alice:${passwordOf('alice')}`).toString('base64');
  const credentials = JSON.stringify({ auths: { [host]: { auth } } });
  const { DOCKER_CONFIG: dockerConfig = '', REGISTRY_AUTH_FILE: authFile = '' } = environment;
  await mkdir(dockerConfig, { recursive: true });
  await writeFile(path.join(dockerConfig, 'config.json'), credentials);
  await writeFile(authFile, credentials);
}
