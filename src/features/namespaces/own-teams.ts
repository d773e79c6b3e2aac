import type { Needs } from '../../context';
import { requirePasswordLogin } from '../access/current-account';
import type { Actor } from '../access/actor';
import type { TeamPlace } from './teams';
import * as store from './teams.store';

/** A team that an account is in. */
export interface OwnTeam extends TeamPlace {
  readonly since: Date;
}

/**
 * The teams that the actor is in, by name.
 *
 * @throws AppError `forbidden` for an access token, `unauthenticated`, `inactive`
 */
export async function listOwnTeams(ctx: Needs<'db'>, actor: Actor): Promise<OwnTeam[]> {
  const { userId } = await requirePasswordLogin(ctx, actor);
  const rows = await store.listOfMember(ctx.db, userId);
  return rows.map((row) => ({ organization: row.namespace, team: row.name, since: row.created_at }));
}
