import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/* Tables of documents with a row for each client. The tests of a client print and compare its row. */

const ROOT = path.join(__dirname, '..', '..');

/** What is tested of a client. */
const COLUMNS = [
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

/** A table of a document, which its columns identify. */
export interface Table<C extends string> {
  readonly page: string;
  readonly columns: readonly C[];
}

/** What each client can do here. */
export const CLIENTS: Table<Column> = { page: 'docs/CLIENTS.md', columns: COLUMNS };

const NAME_WIDTH = 16;

/** The results of a client's tests, by column. */
export class Row<C extends string = Column> {
  readonly #results = new Map<C, 'ok' | 'FAILED'>();

  /** @param version - three numbers */
  constructor(
    readonly table: Table<C>,
    readonly client: string,
    readonly version: string,
  ) {}

  /** Declares a test whose result is part of a column. */
  it(column: C, title: string, test: () => Promise<void>): void {
    it(title, async () => {
      const before = this.#results.get(column) ?? 'ok';
      this.#results.set(column, 'FAILED');
      await test();
      this.#results.set(column, before);
    });
  }

  /** Declares the test that comes last: the row is that of the document. */
  itIsInDocument(): void {
    it('has this row in the table of the document', () => {
      console.info(`${headOf(this.table)}\n${this.toString()}`);
      expectInDocument(this);
    });
  }

  /** The row as it stands in the document; `-` is what the client does not have. */
  toString(): string {
    const cells = this.table.columns.map((column) => (this.#results.get(column) ?? '-').padEnd(column.length));
    return [`${this.client} ${this.version}`.padEnd(NAME_WIDTH), ...cells].join('  ').trimEnd();
  }
}

function headOf({ columns }: Table<string>): string {
  return ['CLIENT'.padEnd(NAME_WIDTH), ...columns].join('  ');
}

/** Compares a row with that of the document, or writes it there (`UPDATE=1`). The version may be another one. */
function expectInDocument<C extends string>(row: Row<C>): void {
  const file = path.join(ROOT, row.table.page);
  const text = readFileSync(file, 'utf8');
  const start = text.indexOf(`\n${headOf(row.table)}\n`);
  const old = new RegExp(`^${row.client} .*$`, 'm').exec(text.slice(start))?.[0];
  if (process.env['UPDATE'] === '1' && process.env['CI'] === undefined && old !== undefined) {
    writeFileSync(file, text.slice(0, start) + text.slice(start).replace(old, row.toString()));
    return;
  }
  const results = (line: string | undefined): string[] | undefined => line?.split(/\s+/).slice(2);
  expect(results(row.toString())).toEqual(results(old));
}
