// Copies the files that the pages send unchanged next to the compiled code.

import { cpSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
cpSync('src/surfaces/web/static', 'dist/src/surfaces/web/static', { recursive: true });
