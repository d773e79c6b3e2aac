import { readFileSync, writeFileSync } from 'node:fs';

/** Compares a text with a file that is committed; `UPDATE=1 npx jest …` writes the file instead. */
export function expectGolden(file: string, text: string): void {
  if (process.env['UPDATE'] === '1' && process.env['CI'] === undefined) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}
