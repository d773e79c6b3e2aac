import type { Needs } from '../../context';
import type { ByteSource } from '../../platform/bytes/byte-source';
import { AppError } from '../../platform/errors';
import type { FailureLimit } from '../../platform/limits/failure-limiter';
import type { Actor } from '../access/actor';
import { authorizeAccount } from '../accounts/own-account';
import * as store from './own-data.store';

/*
 * Everything that is stored about an account, in one JSON document that is written while it is read: no list is in
 * memory as a whole. It has no secrets, only the names and dates of things that have one, and nothing that others wrote
 * or that the account may no longer see.
 */

/** Exports of one account: each reads much. */
export const EXPORT_LIMIT: FailureLimit = { name: 'export', failures: 6, windowSeconds: 3600, blockSeconds: 3600 };

/** Items that are read at once: each may have a text of some kilobytes. */
const ITEMS = 200;

export { LISTS as EXPORTED_LISTS } from './own-data.store';

/**
 * The data of an account, for its owner who logged in, and the operator.
 *
 * @returns the document, and a name for its file
 * @throws AppError `busy` after too many exports; those of `authorizeAccount`
 */
export async function exportAccount(
  ctx: Needs<'db' | 'exportLimiter'>,
  actor: Actor,
  name: string,
): Promise<{ fileName: string; source: ByteSource }> {
  const { id, username } = await authorizeAccount(ctx, actor, name, 'list_tokens');
  const { waitSeconds: retryAfterSeconds } = await ctx.exportLimiter.count(String(id));
  if (retryAfterSeconds > 0) throw new AppError('busy', 'Your data was downloaded too often', { retryAfterSeconds });
  return { fileName: `${username}.json`, source: sourceOf(documentOf(ctx, id)) };
}

async function* documentOf({ db }: Needs<'db'>, userId: number): AsyncGenerator<string> {
  const account = await store.readAccount(db, userId);
  if (account === undefined) throw new AppError('not_found', 'No such user');
  yield `{"exported_at":${JSON.stringify(account.at)},\n"account":${account.item}`;
  for (const list of Object.keys(store.LISTS) as store.ListName[]) {
    yield `,\n"${list}":[`;
    let separator = '\n';
    for (let after = '0'; ;) {
      const items = await store.readItems(db, list, userId, { after, limit: ITEMS });
      const last = items.at(-1);
      if (last === undefined) break;
      yield separator + items.map(({ item }) => item).join(',\n');
      separator = ',\n';
      after = last.key;
    }
    yield ']';
  }
  yield '}\n';
}

function sourceOf(pieces: AsyncGenerator<string>): ByteSource {
  return {
    copyTo: async (take) => {
      for await (const piece of pieces) await take(Buffer.from(piece));
    },
    close: async () => {
      await pieces.return(undefined);
    },
  };
}
