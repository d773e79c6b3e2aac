// Puts the files that the pages send as they are beside the compiled code.

import { cpSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
cpSync('src/surfaces/web/static', 'dist/src/surfaces/web/static', { recursive: true });
