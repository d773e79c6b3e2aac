#!/usr/bin/env node
'use strict';

/*
 * The health check of the container: exits with 0 if the server answers on its port. It reads the same variables as the server. The
 * certificate is not checked, because it is for another name than this one.
 */

const { PORT, HOST, DRYDOCK_TLS_CERT } = process.env;
const { get } = DRYDOCK_TLS_CERT ? require('node:https') : require('node:http');

const isForAll = !HOST || ['0.0.0.0', '::', '[::]'].includes(HOST);
const options = {
  host: isForAll ? '127.0.0.1' : HOST.replace(/^\[(.*)\]$/, '$1'),
  port: PORT || 5000,
  path: '/healthz',
  timeout: 4000,
  rejectUnauthorized: false,
};
get(options, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
