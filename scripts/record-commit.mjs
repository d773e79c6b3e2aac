// The last step of a build: records the commit, which `drydock --version` and others show. A build outside of a checkout,
// such as that of an image, gets it as DRYDOCK_COMMIT; without either, only the version is known.

import { spawnSync } from 'node:child_process';
import { realpathSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { replaceFile } from './replace-file.mjs';

const root = realpathSync(dirname(dirname(fileURLToPath(import.meta.url))));
process.chdir(root);

function git(...args) {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function ofCheckout() {
  // The folder may be inside of the checkout of something else.
  return git('rev-parse', '--show-toplevel') === root
    ? git('describe', '--always', '--dirty', '--abbrev=12', '--exclude=*')
    : undefined;
}

const commit = process.env.DRYDOCK_COMMIT || ofCheckout();
if (commit === undefined) rmSync('dist/commit', { force: true });
else replaceFile('dist/commit', Buffer.from(`${commit}\n`));
