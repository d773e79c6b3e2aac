import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');

function blocksOf(page: string, heading: string, language: string): string[] {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  const section = text.split(/^(?=## )/m).find((part) => part.startsWith(`## ${heading}\n`));
  if (section === undefined) throw new Error(`${page} has no section ${heading}`);
  return [...section.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , block = '']) => block);
}

/**
 * The blocks of shell commands in a section, in their order; or those of another language.
 *
 * @param page - `README.md`, `docs/…`
 */
export function commandsOf(page: string, heading: string, language = 'sh'): string[] {
  return blocksOf(page, heading, language);
}

/** What the commands of a section print, as it says: the blocks without a language, each by its lines. */
export function outputsOf(page: string, heading: string): string[][] {
  return blocksOf(page, heading, '').map((block) => block.trimEnd().split('\n'));
}
