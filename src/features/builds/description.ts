import type { Needs } from '../../context';
import { inTransaction } from '../../platform/db/db';
import { BUILDER, recordEvent } from '../audit/audit';
import { displayName } from '../repositories/names';
import { assertFullDescription } from '../repositories/text-rules';
import * as store from './description.store';
import type { BuildHolder } from './running';

/**
 * The README next to the Dockerfile becomes the full description of the repository, if its source says so and the build
 * is one of the first rule, which is about the default branch.
 *
 * @returns whether the description has changed
 * @throws AppError `invalid` when it is too long, or has control characters
 */
export async function noteReadme(
  ctx: Needs<'db'>,
  { buildId, builder }: BuildHolder,
  readme: string,
): Promise<boolean> {
  const text = readme.replaceAll('\r\n', '\n');
  assertFullDescription(text);
  return inTransaction(ctx.db, async (tx) => {
    const described = await store.setDescription(tx, buildId, builder, text);
    if (described === undefined) return false;
    const details = { build: buildId };
    await recordEvent(tx, BUILDER, { action: 'repository.described', subject: displayName(described), details });
    return true;
  });
}
