import { readFileSync } from 'node:fs';
import path from 'node:path';

/* The table `rows.txt`: what each route names, and who may access it. The sweep fails for a route without a row. */

/** The callers who may; from `reader` on, in the repository or organization that the path names. */
export const WHO = [
  'anyone', // every caller
  'secret', // a caller with the secret that the request must carry
  'account', // any account, about itself
  'self', // the account that the path names, or that is logged in
  'reader',
  'participant', // a reader with an account
  'writer',
  'admin',
  'member',
  'owner',
  'site-admin',
] as const;
export type Who = (typeof WHO)[number];

/** What an access token for some repositories, or an engine's token, may do. */
export const LIMITED = [
  'own', // in its repositories what the role allows, and nothing elsewhere
  'public', // the same as an anonymous caller
  'no', // nothing
] as const;
export type Limited = (typeof LIMITED)[number];

export interface Row {
  readonly key: string;
  readonly who: Who;
  readonly limited: Limited;
  /** needs the password again, or a login in the last minutes */
  readonly needsStepUp: boolean;
  /** an anonymous caller is asked to log in to a private repository, and gets a 404 for a missing one */
  readonly asksForLogin: boolean;
  /** the status for a caller who may send the sweep's request: it proves that the request is valid */
  readonly status: number;
}

const FILE = path.join(__dirname, 'rows.txt');
const LINE = /^(\S+ \S+(?: \(engines\))?) +(\S+) +(\S+) +(step-up|login|-) +(\d{3})$/;

function oneOf<T extends string>(values: readonly T[], text: string | undefined, line: string): T {
  const value = values.find((each) => each === text);
  if (value === undefined) throw new Error(`rows.txt: ${text} is not one of ${values.join(', ')} in: ${line}`);
  return value;
}

/** The rows by the key of their route. */
export function readRows(): ReadonlyMap<string, Row> {
  const lines = readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const rows = lines.map((line): [string, Row] => {
    const [, key, who, limited, note, status] = LINE.exec(line) ?? [];
    if (key === undefined) throw new Error(`rows.txt: this is not a row: ${line}`);
    const row = {
      key,
      who: oneOf(WHO, who, line),
      limited: oneOf(LIMITED, limited, line),
      needsStepUp: note === 'step-up',
      asksForLogin: note === 'login',
      status: Number(status),
    };
    return [key, row];
  });
  if (new Set(rows.map(([key]) => key)).size !== rows.length) throw new Error('rows.txt names a route twice');
  return new Map(rows);
}
