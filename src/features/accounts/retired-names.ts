import type { Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { isRetired } from './retired-names.store';

/*
 * Some hosts that nobody can change pull by names that are written into them, even when the account is long gone. So
 * the name of a namespace that anyone could pull from is never given to another user; only an administrator can free it
 * (`repositories/retired-names.ts`). The database enforces this with a trigger, which is safe against races; the code
 * here gives the error message.
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
