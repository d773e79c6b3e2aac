import type { Needs } from '../../context';
import { isNamespace, usernameRule } from '../accounts/account-rules';
import { isRetired } from '../accounts/retired-names';
import { isNameTaken } from '../accounts/users';

const LONGEST_PROPOSAL = 30;
const MOST_PROPOSALS = 9;

function plainName(called: string, hubLimits: boolean): string {
  const [local = ''] = called
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .toLowerCase()
    .split('@');
  const between = hubLimits ? '_' : '-';
  const plain = local.replaceAll(/[^a-z0-9_]+/g, between);
  return plain.replaceAll(/^-|-$/g, '').slice(0, LONGEST_PROPOSAL - 1);
}

/**
 * A free username like what the provider calls a user; empty if there is none.
 *
 * @param called - in any characters, also an address
 */
export async function proposeName(ctx: Needs<'db' | 'settings'>, called: string): Promise<string> {
  const { hubLimits } = ctx.settings;
  const name = plainName(called, hubLimits);
  if (name.length < usernameRule(hubLimits).min || !isNamespace(name, hubLimits)) return '';
  for (const end of ['', ...Array.from({ length: MOST_PROPOSALS - 1 }, (_value, index) => String(index + 2))]) {
    const isFree = !(await isNameTaken(ctx, name + end)) && !(await isRetired(ctx.db, name + end));
    if (isFree) return name + end;
  }
  return '';
}
