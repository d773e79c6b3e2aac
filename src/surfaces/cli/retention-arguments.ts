import type { Context } from '../../context';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import type { AdministeredRepository } from '../../features/repositories/access';
import { getAdministered } from '../../features/repositories/get-repository';
import { readFullName } from '../../features/repositories/names';

/* The arguments that the commands of `drydock retention` have in common. */

export const REPOSITORY = 'namespace/name, or just name in the library';
export const NAME = 'namespace/name, just name in the library, or a namespace with --namespace';
export const OF_NAMESPACE = [
  '--namespace',
  'the name is a user or organization: the policy of its repositories',
] as const;

export interface NamespaceOption {
  readonly namespace?: true;
}

/** The repository of an argument. */
export async function repositoryNamed(ctx: Context, text: string): Promise<AdministeredRepository> {
  return getAdministered(ctx, OPERATOR_ACTOR, readFullName(text));
}
