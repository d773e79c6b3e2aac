import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/* The table of the README: what each client can do here. Each test file of a client prints and compares its own row. */

const README = path.join(__dirname, '..', '..', 'README.md');

/** What is tested of a client. */
export const COLUMNS = [
  'LOGIN',
  'TOKEN',
  'ROBOT',
  'REFUSED',
  'PRIVATE',
  'PUSH',
  'AGAIN',
  'MOUNT',
  'PULL',
  'DIGEST',
  'TAGS',
  'COPY',
  'DELETE',
  'INDEX',
  'ARTIFACT',
] as const;

export type Column = (typeof COLUMNS)[number];

const NAME_WIDTH = 16;

/** The results of a client's tests, by column. */
export class Row {
  readonly #results = new Map<Column, 'ok' | 'FAILED'>();

  /** @param version - three numbers */
  constructor(
    readonly client: string,
    readonly version: string,
  ) {}

  /** Declares a test whose result is part of a column. */
  it(column: Column, title: string, test: () => Promise<void>): void {
    it(title, async () => {
      const before = this.#results.get(column) ?? 'ok';
      this.#results.set(column, 'FAILED');
      await test();
      this.#results.set(column, before);
    });
  }

  /** The row as it stands in the README; `-` is what the client does not have. */
  toString(): string {
    const cells = COLUMNS.map((column) => (this.#results.get(column) ?? '-').padEnd(column.length));
    return [`${this.client} ${this.version}`.padEnd(NAME_WIDTH), ...cells].join('  ').trimEnd();
  }
}

/** The head of the table. */
export function tableHead(): string {
  return ['CLIENT'.padEnd(NAME_WIDTH), ...COLUMNS].join('  ');
}

/** Compares a row with that of the README, or writes it there (`UPDATE=1`). The version may be another one. */
export function expectInReadme(row: Row): void {
  const text = readFileSync(README, 'utf8');
  const table = text.slice(text.indexOf(`\n${tableHead()}\n`));
  const old = new RegExp(`^${row.client} .*$`, 'm').exec(table)?.[0];
  if (process.env['UPDATE'] === '1' && process.env['CI'] === undefined && old !== undefined) {
    writeFileSync(README, text.replace(old, row.toString()));
    return;
  }
  const results = (line: string | undefined): string[] | undefined => line?.split(/\s+/).slice(2);
  expect(results(row.toString())).toEqual(results(old));
}
