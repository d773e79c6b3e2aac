import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import { isUniqueViolation } from '../../platform/db/sqlstate';
import { AppError, fieldError } from '../../platform/errors';
import { NAMES_WITHOUT_ACCOUNT } from '../audit/audit';
import { findRenamed, isRetired } from './retired-names.store';

export { isRetired } from './retired-names.store';

/*
 * Some hosts that nobody can change pull by names that are written into them, even when the account is long gone. So
 * the name of a namespace that anyone could pull from is never given to another user; only an administrator can free it
 * (`repositories/retired-names.ts`). The same holds for the name that a namespace had before it was renamed, as long as the
 * namespace exists. The database enforces this with a trigger, which is safe against races; the code
 * here gives the error message.
 */

/** The present name of the namespace that had this name before it was renamed; undefined: none had. */
export async function findRenamedNamespace(ctx: Needs<'db'>, former: string): Promise<string | undefined> {
  return former.includes('\0') ? undefined : findRenamed(ctx.db, former);
}

/**
 * Whether no new account or organization can have the name, because the audit log uses it for another doer. Accounts
 * that had it before keep it.
 */
export function isReservedName(name: string): boolean {
  return NAMES_WITHOUT_ACCOUNT.has(name);
}

/**
 * Does what gives an account or an organization a name, unless the name is reserved or taken.
 *
 * @param field - that has the name
 * @param work - fails with a unique violation when the name is taken
 * @throws AppError `conflict`, and what `work` throws
 */
export async function takingName(field: 'username' | 'name', name: string, work: () => Promise<void>): Promise<void> {
  const taken = (cause?: unknown): AppError =>
    fieldError('conflict', field, `The name ${name} is already taken`, { cause });
  if (isReservedName(name)) throw taken();
  try {
    await work();
  } catch (error) {
    throw isUniqueViolation(error) ? taken(error) : error;
  }
}

/**
 * Refuses the name of a namespace that is gone and from which hosts may still pull, and the former name of another one.
 *
 * @param name - normalized
 * @param own - the namespace that gets the name, and may get back a former one; undefined: a new namespace
 * @throws AppError `conflict`
 */
export async function assertNotRetired(db: Db, name: string, own?: string): Promise<void> {
  const holder = await findRenamed(db, name);
  if (holder !== undefined) {
    if (holder === own) return;
    throw new AppError('conflict', `${name} is the former name of ${holder}: choose another name`);
  }
  if (!(await isRetired(db, name))) return;
  throw new AppError(
    'conflict',
    `The name ${name} belonged to a deleted account, and hosts may still pull by it. ` +
      'Choose another name, or ask an administrator to release this one',
  );
}
