import type { Context } from '../../context';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import type { AdministeredRepository } from '../../features/repositories/access';
import { getAdministered } from '../../features/repositories/get-repository';
import { readFullName } from '../../features/repositories/names';

/** The help of an argument that names a repository. */
export const REPOSITORY = 'namespace/name, or just name in the library';

/** The repository of an argument. */
export async function repositoryNamed(ctx: Context, text: string): Promise<AdministeredRepository> {
  return getAdministered(ctx, OPERATOR_ACTOR, readFullName(text));
}
