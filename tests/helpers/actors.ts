import { basicActor, type Actor } from '../../src/features/access/actor';
import { verifyCredentials } from '../../src/features/accounts/credentials';
import { passwordOf, type TestServer } from './test-server';

/** Nobody in particular. */
export const ANYBODY: Actor = { kind: 'anonymous', address: '::1' };

/** A user that `addUser` made, with a checked password. */
export async function actorOf(server: Pick<TestServer, 'ctx'>, username: string): Promise<Actor> {
  const identity = await verifyCredentials(server.ctx, username, passwordOf(username), '::1');
  if (identity === undefined) throw new Error(`${username} cannot log in`);
  return basicActor(identity, '::1');
}

/** Somebody who waits for as long as it takes. */
export function asking(actor: Actor): { readonly actor: Actor; readonly signal: AbortSignal } {
  return { actor, signal: new AbortController().signal };
}
