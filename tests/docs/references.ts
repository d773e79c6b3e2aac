import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');

/** A reference of a page to tests: a file, and the names in quotes after it, until the next file or line. */
interface Reference {
  readonly place: string;
  readonly names: readonly string[];
}

function onOneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}

/** @param folder - for files that are named without a folder */
export function testReferences(page: string, folder: string): Reference[] {
  return page.split(/\n\n|\|\n/).flatMap((block) =>
    onOneLine(block)
      .split(/(?=`[\w./-]+\.test\.ts`)/)
      .slice(1)
      .map((part) => {
        const [, file = ''] = /^`([^`]+)`/.exec(part) ?? [];
        const place = file.startsWith('tests/') ? file : `${folder}/${file}`;
        const names = [...part.replaceAll(/`[^`]*`/g, '').matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);
        return { place, names };
      }),
  );
}

/** The broken references: a file that does not exist, or a test that its file does not have. */
export function brokenReferences(references: readonly Reference[]): string[] {
  return references.flatMap(({ place, names }) => {
    const file = path.join(ROOT, place);
    if (!existsSync(file)) return [`${place} is not there`];
    const source = readFileSync(file, 'utf8');
    return names.filter((name) => !source.includes(name)).map((name) => `${place} has no test "${name}"`);
  });
}
