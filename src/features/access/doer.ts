import { BUILDER, OPERATOR, type Doer } from '../audit/audit';
import type { Actor, Principal } from './actor';

/** Who an actor is, for the audit log. */
export function doerOf(actor: Actor, principal: Principal): Doer {
  if (actor.kind === 'operator') return OPERATOR;
  if (actor.kind === 'user' && actor.build !== undefined) return { ...BUILDER, address: actor.address };
  return { userId: principal?.userId, name: principal?.username, address: actor.address };
}
