import { readFileSync } from 'node:fs';
import path from 'node:path';

const POLICY = path.join(__dirname, '../../../src/features/access/policy.ts');

/** The columns of the table, weakest first. */
export const ROLES = ['none', 'read', 'write', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The actions, as the table names them, and whether each role allows them. */
export type PolicyTable = ReadonlyMap<string, Readonly<Record<Role, boolean>>>;

/** Reads the table at the top of `policy.ts`. */
export function readPolicyTable(): PolicyTable {
  const lines = readFileSync(POLICY, 'utf8').split('\n');
  const rows = lines.flatMap((line) => {
    const match = /^ \* {3}(\S.*?) {2,}(yes|no) +(yes|no) +(yes|no) +(yes|no)$/.exec(line);
    if (match === null) return [];
    const [, action = '', ...cells] = match;
    const allowed = Object.fromEntries(ROLES.map((role, index) => [role, cells[index] === 'yes']));
    return [[action, allowed as Record<Role, boolean>] as const];
  });
  return new Map(rows);
}
