#!/usr/bin/env node
'use strict';

const { existsSync } = require('node:fs');
const path = require('node:path');

// Password hashes and file reads share libuv's pool: with four threads a few logins would hold up every layer.
process.env.UV_THREADPOOL_SIZE ??= '16';

const cli = path.join(__dirname, '../dist/src/cli.js');
if (!existsSync(cli)) {
  console.error('Drydock is not built yet: run `npm run build` first.');
  process.exit(1);
}
require(cli);
