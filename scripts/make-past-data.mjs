// Creates a data directory of a version, for the test that later versions open it (tests/versions/). It runs the server
// of a checkout as a new user does, uses it a little, stops it, and packs the result.
//
//   git worktree add ../then COMMIT && (cd ../then && npm ci) && node scripts/make-past-data.mjs ../then
//
// It writes tests/versions/past/<commit>.tar.br, the data directory, and <commit>.json, its expected content.

import { spawn, execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import pg from 'pg';

const [checkout] = process.argv.slice(2);
if (checkout === undefined) {
  console.error('usage: node scripts/make-past-data.mjs CHECKOUT');
  process.exit(2);
}

const PASSWORDS = { admin: 'admin-then', alice: 'alice-then', bobby: 'bobby-then', carol: 'carol-then' };
const place = mkdtempSync(path.join(tmpdir(), 'drydock-past-'));
chmodSync(place, 0o755); // as root, Postgres runs as another user
const dataDir = path.join(place, 'data');

const basic = (name, password = PASSWORDS[name]) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

async function startServer() {
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PORT: '0',
    DRYDOCK_DATA_DIR: dataDir,
    DRYDOCK_ADMIN_USERNAME: 'admin',
    DRYDOCK_ADMIN_PASSWORD: PASSWORDS.admin,
    DRYDOCK_BCRYPT_COST: '4',
    LOG_LEVEL: 'error',
  };
  const npm = spawn('npm', ['start'], { cwd: checkout, env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(npm.stdout)) {
    const url = /Drydock listens on (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) return { npm, url };
  }
  throw new Error('the server did not start');
}

/** Stops the server, and waits until its Postgres has released the data. */
async function stopServer({ npm }) {
  const ended = once(npm, 'exit');
  process.kill(-npm.pid, 'SIGTERM');
  await ended;
  while (existsSync(path.join(dataDir, 'postgres/postmaster.pid'))) await sleep(100);
}

/** Leaves as little as possible in the write-ahead log, and in the files of tables. */
async function shrinkDatabase() {
  const host = realpathSync(path.join(dataDir, 'postgres'));
  const connect = async (database) => {
    const client = new pg.Client({ host, port: 5432, user: 'drydock', database });
    await client.connect();
    return client;
  };
  for (const database of ['drydock', 'postgres', 'template1']) {
    const client = await connect(database);
    await client.query('vacuum full');
    await client.query('checkpoint');
    await client.query('select pg_switch_wal()');
    await client.query('checkpoint');
    await client.end();
  }
}

async function live(url) {
  const ask = async (method, where, { as, body, headers = {}, status = [200, 201, 204] } = {}) => {
    const response = await fetch(`${url}${where}`, {
      method,
      headers: {
        ...(as === undefined ? {} : { Authorization: as.includes(' ') ? as : basic(as) }),
        ...(body === undefined || Buffer.isBuffer(body) ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!status.includes(response.status)) throw new Error(`${method} ${where}: ${response.status} ${text}`);
    return { headers: response.headers, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text };
  };
  const image = (note, parent) => {
    const id = randomBytes(32).toString('hex');
    const json = Buffer.from(JSON.stringify({ id, ...(parent && { parent: parent.id }), comment: note }));
    const layer = gzipSync(execFileSync('tar', ['-c', '-C', place, '--files-from', '/dev/null']).fill(0, 0, 1024));
    return { id, json, layer: Buffer.concat([layer, randomBytes(500)]) };
  };
  const push = async (repository, chain, tag, as) => {
    const opening = await ask('PUT', `/v1/repositories/${repository}/`, {
      as,
      headers: { 'X-Docker-Token': 'true' },
      body: chain.map(({ id }) => ({ id, Tag: tag })),
    });
    const token = `Token ${opening.headers.get('x-docker-token')}`;
    for (const { id, json, layer } of chain) {
      const there = await fetch(`${url}/v1/images/${id}/json`, { headers: { Authorization: token } });
      if (there.status === 200) continue;
      const sum = createHash('sha256').update(json).update('\n').update(layer).digest('hex');
      await ask('PUT', `/v1/images/${id}/json`, { as: token, body: json });
      await ask('PUT', `/v1/images/${id}/layer`, { as: token, body: layer });
      const headers = { 'X-Docker-Checksum-Payload': `sha256:${sum}` };
      await ask('PUT', `/v1/images/${id}/checksum`, { as: token, headers });
    }
    await ask('PUT', `/v1/repositories/${repository}/tags/${tag}`, { as: token, body: chain.at(-1).id });
    await ask('PUT', `/v1/repositories/${repository}/images`, { as, headers: { 'X-Docker-Token': 'true' }, body: [] });
  };

  for (const name of ['alice', 'bobby', 'carol']) {
    await ask('POST', '/v1/users/', {
      body: { username: name, password: PASSWORDS[name], email: `${name}@example.com` },
    });
  }
  const api = '/api/v1.1';
  await ask('POST', `${api}/repositories/`, {
    as: 'alice',
    body: { namespace: 'alice', name: 'diary', visibility: 'private' },
  });
  await ask('POST', `${api}/orgs/`, { as: 'alice', body: { name: 'acme' } });
  await ask('POST', `${api}/repositories/`, {
    as: 'alice',
    body: { namespace: 'acme', name: 'site', visibility: 'private' },
  });
  await ask('PUT', `${api}/orgs/acme/teams/builders/`, { as: 'alice', body: {} });
  await ask('PUT', `${api}/repositories/acme/site/teams/builders/`, { as: 'alice', body: { access: 'write' } });
  const invitation = { as: 'alice', body: { username: 'bobby' } };
  const invited = await ask('POST', `${api}/orgs/acme/teams/builders/invitations/`, invitation);
  await ask('POST', `${api}/users/bobby/invitations/${invited.body.id}/accept/`, { as: 'bobby' });
  const made = await ask('POST', `${api}/users/bobby/tokens/`, { as: 'bobby', body: { name: 'ci', access: 'write' } });

  const base = image('the base');
  const one = image('the first application', base);
  const two = image('the second application', base);
  const page = image('the first page of a diary');
  await push('library/base', [base], 'latest', 'admin');
  await push('alice/app', [base, one], 'latest', 'alice');
  await push('alice/app', [base, one], 'one', 'alice');
  await push('alice/app', [base, two], 'latest', 'alice');
  await push('alice/diary', [page], 'monday', 'alice');
  await push('acme/site', [base, two], 'live', 'alice');
  const hook = { name: 'ci', urls: ['https://ci.example.com/pushed'] };
  await ask('POST', `${api}/repositories/alice/app/webhooks/`, { as: 'alice', body: hook });
  await ask('PUT', `${api}/repositories/alice/app/star/`, { as: 'bobby' });

  const pulled = ({ id, json, layer }) => ({
    id,
    json: json.toString('base64'),
    layer: createHash('sha256').update(layer).digest('hex'),
  });
  const tag = (repository, name, chain, readers, strangers) => ({
    repository,
    tag: name,
    readers,
    strangers,
    chain: chain.map(pulled),
  });
  return {
    passwords: PASSWORDS,
    accessToken: { username: 'bobby', token: made.body.token },
    tags: [
      tag('library/base', 'latest', [base], ['carol'], []),
      tag('alice/app', 'latest', [base, two], ['carol', 'alice'], []),
      tag('alice/app', 'one', [base, one], ['carol', 'alice'], []),
      tag('alice/diary', 'monday', [page], ['alice'], ['bobby', 'carol']),
      tag('acme/site', 'live', [base, two], ['alice', 'bobby'], ['carol']),
    ],
    history: { repository: 'alice/app', tag: 'latest', images: [two.id, one.id] },
    webhook: { repository: 'alice/app', ...hook },
  };
}

const git = (...args) => execFileSync('git', ['-C', checkout, ...args], { encoding: 'utf8' }).trim();
let server;
try {
  server = await startServer();
  const expected = await live(server.url);
  await shrinkDatabase();
  await stopServer(server);
  server = undefined;
  const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '../tests/versions/past');
  mkdirSync(folder, { recursive: true });
  const name = git('rev-parse', '--short=7', 'HEAD');
  const tar = execFileSync(
    'tar',
    ['-c', '-C', dataDir, '--exclude=*.log', '--owner=0', '--group=0', ...readdirSync(dataDir)],
    {
      maxBuffer: 2 ** 30,
    },
  );
  const packed = brotliCompressSync(tar, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: tar.length,
    },
  });
  writeFileSync(path.join(folder, `${name}.tar.br`), packed);
  const about = { commit: git('rev-parse', 'HEAD'), date: git('show', '-s', '--format=%cs'), ...expected };
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(about, null, 2)}\n`);
  console.log(`${name}: ${tar.length} bytes, packed ${packed.length}`);
  if (process.env.KEEP) console.log(`kept ${dataDir}`);
} finally {
  if (server !== undefined) await stopServer(server);
  if (!process.env.KEEP) rmSync(place, { recursive: true, force: true });
}
