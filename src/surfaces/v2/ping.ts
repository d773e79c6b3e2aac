import { assertStillGood } from '../../features/access/current-account';
import { json } from '../../platform/http/exchange';
import type { V2Handler } from './access';
import { unauthorized } from './errors';

/**
 * `GET /v2/`: checks the credentials. An anonymous caller gets the challenge, because `docker login` would otherwise
 * verify nothing.
 */
export const ping: V2Handler = async (ctx, { caller: { actor, grants } }) => {
  if (actor.kind === 'anonymous' && grants === 'all') throw unauthorized();
  await assertStillGood(ctx, actor);
  return json(200, {});
};
