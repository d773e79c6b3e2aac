import type { Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { isRetired } from './retired-names.store';

/*
 * Hosts that nobody can change pull by names that are written into them, also when the account is long gone. So the name
 * of a namespace from which anybody could pull is never given to somebody else; only an administrator frees it
 * (`repositories/retired-names.ts`). The database refuses it in any case (a trigger, which a race does not get past);
 * what is here says why.
 */

/**
 * Refuses the name of a namespace that is gone and from which hosts may still pull.
 *
 * @param name - normalized
 * @throws AppError `conflict`
 */
export async function assertNotRetired(db: Db, name: string): Promise<void> {
  if (!(await isRetired(db, name))) return;
  throw new AppError(
    'conflict',
    `The name ${name} belonged to a deleted account, and hosts may still pull by it. ` +
      'Choose another name, or ask an administrator to release this one',
  );
}
