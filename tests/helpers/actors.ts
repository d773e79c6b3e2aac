import { basicActor, type Actor } from '../../src/features/access/actor';
import { verifyCredentials } from '../../src/features/accounts/credentials';
import { passwordOf, type TestServer } from './test-server';

/** An anonymous client. */
export const ANYBODY: Actor = { kind: 'anonymous', address: '::1' };

/** A user that `addUser` created, with a verified password. */
export async function actorOf(server: Pick<TestServer, 'ctx'>, username: string): Promise<Actor> {
  const identity = await verifyCredentials(server.ctx, username, passwordOf(username), '::1');
  if (identity === undefined) throw new Error(`${username} cannot log in`);
  return basicActor(identity, '::1');
}

/** An actor whose request is never aborted. */
export function asking(actor: Actor): { readonly actor: Actor; readonly signal: AbortSignal } {
  return { actor, signal: new AbortController().signal };
}
