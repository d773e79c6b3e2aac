// The first step of `npm start`: builds what has changed since the last build. A checkout that is not writable, because
// of its owner or a read-only disk, is started as it was built.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

function canWrite(path) {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

if (canWrite(existsSync('dist') ? 'dist' : '.')) {
  const { status } = spawnSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else if (existsSync('dist/src/cli.js')) {
  console.error(`${join(root, 'dist')} cannot be written: starting what was built there before.`);
} else {
  console.error(
    `Drydock is not built, and ${root} cannot be written: run \`npm run build\` as a user who may write to it.`,
  );
  process.exitCode = 1;
}
