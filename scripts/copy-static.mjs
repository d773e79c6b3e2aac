// Copies the files that the pages send unchanged next to the compiled code.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { replaceFile } from './replace-file.mjs';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const STATIC = 'src/surfaces/web/static';
for (const name of readdirSync(STATIC, { recursive: true, encoding: 'utf8' })) {
  const file = join(STATIC, name);
  if (statSync(file).isFile()) replaceFile(join('dist', file), readFileSync(file));
}
