import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Credential } from '../../features/builds/credentials';
import type { BuildFolder } from '../sandbox/build-folder';
import type { BuildUser } from '../sandbox/enclosure';
import type { CloneUrl } from './clone-url';

/** The folder with the files that ssh needs. */
export interface Keys {
  /** Outside of the enclosure. */
  readonly folder: string;
  /** Inside. */
  readonly inside: string;
  readonly hasKnownHosts: boolean;
}

/**
 * Writes the deploy key and the known hosts for ssh, for the user of builds alone.
 *
 * @param knownHosts - a file; undefined: the key of any host is accepted
 */
export async function writeKeys(
  { protocol }: CloneUrl,
  credential: Credential | undefined,
  knownHosts: string | undefined,
  { folder, user }: { readonly folder: BuildFolder; readonly user: BuildUser | undefined },
): Promise<Keys | undefined> {
  if (protocol !== 'ssh') return undefined;
  const name = `keys-${randomBytes(8).toString('hex')}`;
  const keys = {
    folder: path.join(folder.fetched, name),
    inside: `/build/${name}`,
    hasKnownHosts: knownHosts !== undefined,
  };
  await mkdir(keys.folder, { mode: 0o700 });
  const privateKey = credential?.kind === 'deploy_key' ? `${credential.privateKey.trimEnd()}\n` : '';
  const files = { key: privateKey, known_hosts: knownHosts === undefined ? '' : await readFile(knownHosts, 'utf8') };
  for (const [file, text] of Object.entries(files)) {
    await writeFile(path.join(keys.folder, file), text, { mode: 0o600 });
    if (user !== undefined) await chown(path.join(keys.folder, file), user.uid, user.gid);
  }
  if (user !== undefined) await chown(keys.folder, user.uid, user.gid);
  return keys;
}
