#!/usr/bin/env node
'use strict';

const { existsSync } = require('node:fs');
const path = require('node:path');

// Password hashes and file reads share libuv's pool: with four threads a few logins would hold up every layer.
process.env.UV_THREADPOOL_SIZE ??= '16';

// The SDK for buckets warns of Node.js 20 at each start, although the version that we have supports it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const cli = path.join(__dirname, '../dist/src/cli.js');
if (!existsSync(cli)) {
  console.error('Drydock is not built yet: run `npm run build` first.');
  process.exit(1);
}
require(cli);
