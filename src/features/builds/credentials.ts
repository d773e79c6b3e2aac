import { z } from 'zod';
import { seal, unseal } from '../../platform/sealing';

/** With what the builder reads a source. */
export type Credential = z.infer<typeof credential>;

const credential = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('deploy_key'), privateKey: z.string() }),
  z.object({ kind: z.literal('token'), username: z.string(), token: z.string() }),
]);

const sealOf = (sourceId: number) => ({ purpose: 'build credential', owner: String(sourceId) });

/** Encrypts a credential for the database. */
export function sealCredential(tokenKey: Buffer, sourceId: number, value: Credential): Buffer {
  return seal(tokenKey, sealOf(sourceId), JSON.stringify(value));
}

/** @throws Error when it was sealed with another key */
export function unsealCredential(tokenKey: Buffer, sourceId: number, sealed: Buffer): Credential {
  return credential.parse(JSON.parse(unseal(tokenKey, sealOf(sourceId), sealed)));
}
