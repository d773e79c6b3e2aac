import { z } from 'zod';
import type { Db } from '../../platform/db/db';
import { seal, unseal } from '../../platform/sealing';
import { resealSecrets } from './build-inputs';
import * as store from './credentials.store';
import { resealAccounts } from './linked/sealed-tokens';

/** With what the builder reads a source. */
export type Credential = z.infer<typeof credential>;

const credential = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('deploy_key'), privateKey: z.string() }),
  z.object({ kind: z.literal('token'), username: z.string(), token: z.string() }),
]);

const credentialOf = (sourceId: number) => ({ purpose: 'build credential', owner: String(sourceId) });
const hookSecretOf = (sourceId: number) => ({ purpose: 'build hook secret', owner: String(sourceId) });

/** Encrypts a credential for the database. */
export function sealCredential(tokenKey: Buffer, sourceId: number, value: Credential): Buffer {
  return seal(tokenKey, credentialOf(sourceId), JSON.stringify(value));
}

/** @throws Error when it was sealed with another key */
export function unsealCredential(tokenKey: Buffer, sourceId: number, sealed: Buffer): Credential {
  return credential.parse(JSON.parse(unseal(tokenKey, credentialOf(sourceId), sealed)));
}

/** Encrypts the secret with which a provider signs its hooks. */
export function sealHookSecret(tokenKey: Buffer, sourceId: number, secret: string): Buffer {
  return seal(tokenKey, hookSecretOf(sourceId), secret);
}

/** @throws Error when it was sealed with another key */
export function unsealHookSecret(tokenKey: Buffer, sourceId: number, sealed: Buffer): string {
  return unseal(tokenKey, hookSecretOf(sourceId), sealed);
}

/**
 * Seals the secrets of all sources with another key, in the transaction that replaces the key.
 *
 * @returns how many sources there are
 * @throws Error when a secret cannot be opened with the old key
 */
async function resealSources(tx: Db, from: Buffer, to: Buffer): Promise<number> {
  const rows = await store.lockAllSealed(tx);
  for (const { id, sealed_credential: sealed, sealed_hook_secret: sealedHookSecret } of rows) {
    await store.replaceSealed(tx, id, {
      credential: sealed === null ? undefined : sealCredential(to, id, unsealCredential(from, id, sealed)),
      hookSecret: sealHookSecret(to, id, unsealHookSecret(from, id, sealedHookSecret)),
    });
  }
  await resealSecrets(tx, from, to);
  return rows.length;
}

/** All secrets of builds, for a rotation of the key. */
export const BUILD_RESEALS = { buildSources: resealSources, linkedAccounts: resealAccounts } as const;
