import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from './platform/error-code';
import { createDirectory } from './platform/files/create-directory';

/* The directory of the layers and of the embedded Postgres. */

async function isMissing(file: string): Promise<boolean> {
  try {
    await stat(file);
    return false;
  } catch (error) {
    return hasCode(error, 'ENOENT');
  }
}

/**
 * Creates the directory if it is missing.
 *
 * @throws Error with a sentence when the directory cannot be used
 */
export async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await createDirectory(dataDir);
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The data directory ${dataDir} cannot be used: ${reason}. Set DRYDOCK_DATA_DIR to one that this user may write to.`,
      { cause: error },
    );
  }
}

/**
 * Refuses a directory without data, which is most likely another one than the operator means.
 *
 * @param options.isEmbedded - whether the database is below the directory
 * @throws Error with a sentence
 */
export async function assertHasData(dataDir: string, { isEmbedded }: { isEmbedded: boolean }): Promise<void> {
  if (!(await isMissing(isEmbedded ? path.join(dataDir, 'postgres', 'PG_VERSION') : dataDir))) return;
  throw new Error(
    `There is no Drydock data in ${dataDir}. Run the command in the directory from which the server was started, ` +
      "or set DRYDOCK_DATA_DIR to the server's data directory.",
  );
}
