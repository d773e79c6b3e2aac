import type { Db } from '../../platform/db/db';
import { fieldError } from '../../platform/errors';
import { createKeyPair } from '../../platform/openssh-key';
import type { RepositoryName } from '../access/actor';
import { listActiveOwners } from '../accounts/endings';
import { currentTokenKey } from '../accounts/token-key';
import type { AdministeredRepository } from '../repositories/access';
import { displayName } from '../repositories/names';
import { isSshUrl } from './clone-url';
import { sealCredential, type Credential } from './credentials';
import type * as store from './sources.store';

/** How the builder reads a source: a key that is created here, a token, or nothing for a public source. */
export type WantedCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'deploy_key' }
  | { readonly kind: 'token'; readonly username?: string | undefined; readonly token: string };

/** The longest token, and username of one, in characters. */
const TOKEN_CHARACTERS = 4096;

/** What a token must look like to go into a header of HTTP. */
function checkToken(wanted: { readonly username?: string | undefined; readonly token: string }): Credential {
  const { username = '', token } = wanted;
  const isGood = /^[\x21-\x7e]+$/.test(token) && /^[\x21-\x39\x3b-\x7e]*$/.test(username);
  if (!isGood || token.length > TOKEN_CHARACTERS || username.length > TOKEN_CHARACTERS)
    throw fieldError('invalid', 'token', 'A token and its username must have printable characters without spaces');
  return { kind: 'token', username: username === '' ? 'git' : username, token };
}

/** Creates or checks a credential, and seals it. @throws AppError `invalid` when it does not suit the URL */
export async function credentialValues(
  tx: Db,
  sourceId: number,
  wanted: WantedCredential,
  of: { readonly cloneUrl: string; readonly repository: RepositoryName },
): Promise<store.CredentialValues | undefined> {
  if (wanted.kind === 'none') return undefined;
  if ((wanted.kind === 'deploy_key') !== isSshUrl(of.cloneUrl)) {
    const message = 'A deploy key is for URLs of ssh, and a token for URLs of https';
    throw fieldError('invalid', 'credential', message);
  }
  const key = await currentTokenKey(tx);
  if (wanted.kind === 'token')
    return { kind: 'token', sealed: sealCredential(key, sourceId, checkToken(wanted)), publicKey: undefined };
  const { publicKey, privateKey } = createKeyPair(`drydock:${displayName(of.repository)}`);
  const sealed = sealCredential(key, sourceId, { kind: 'deploy_key', privateKey });
  return { kind: 'deploy_key', sealed, publicKey };
}

/** The account whose rights the builds have: the one that acts, or for the operator an owner of the namespace. */
export async function backerOf(tx: Db, { doer, namespace }: AdministeredRepository): Promise<number | undefined> {
  return doer.userId ?? (await listActiveOwners(tx, namespace))[0];
}
