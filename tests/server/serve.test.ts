import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer, connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import { createDataDir, removeDataDir } from '../helpers/data-dir';
import { createChain, createImage, pushImages, startPull, startPush } from '../helpers/images';
import { createCommandPlace, success } from '../helpers/command-place';
import { startCommand, type RunningCommand } from '../helpers/run-command';
import { basic } from '../helpers/test-server';

const LISTENS = /^Drydock listens on (http:\/\/127\.0\.0\.1:\d+)$/m;
const ADMINISTRATOR = /^The administrator is "(.+)" with the password ([\w-]{16}) \(shown only once\)\.$/m;

const running: RunningCommand[] = [];
afterEach(async () => {
  for (const { process, ended } of running.splice(0)) {
    process.kill('SIGKILL');
    await ended;
  }
});

async function serve(environment: Record<string, string>) {
  const command = startCommand(['serve'], { PORT: '0', LOG_LEVEL: 'error', ...environment });
  running.push(command);
  const url = (await command.waitFor(LISTENS))[1] ?? '';
  const logIn = async (username: string, password?: string) => {
    const { status, text } = await request(url).get('/v1/users/').set('Authorization', basic(username, password));
    return [status, text];
  };
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    command.process.kill(signal);
    return command.ended;
  };
  return { url, server: url, command, logIn, stop };
}

/** Resolves when nothing listens there. */
async function untilRefused(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (!isOpen) return;
    await sleep(20);
  }
  throw new Error(`somebody still listens on ${url}`);
}

describe('a server with its own Postgres', () => {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await createDataDir('serve');
  });
  afterAll(() => removeDataDir(dataDir));

  it('starts from nothing, shares its data with commands, and keeps everything across a restart', async () => {
    const environment = { DRYDOCK_DATA_DIR: dataDir };
    const run = (...args: string[]) => startCommand(args, environment).ended;

    const first = await serve(environment);
    const [, admin, password] = await first.command.waitFor(ADMINISTRATOR);
    expect(admin).toBe('admin');
    await expect(first.logIn('admin', password)).resolves.toEqual([200, '"OK"']);

    await expect(run('user', 'add', 'alice', '--password', 'alicepw')).resolves.toEqual(success('Created alice.\n'));
    await expect(first.logIn('alice')).resolves.toEqual([200, '"OK"']);
    await run('user', 'deactivate', 'alice');
    await expect(first.logIn('alice')).resolves.toEqual([403, '"Account is not Active"']);
    await run('user', 'activate', 'alice');
    const chain = createChain(2);
    await pushImages(first, 'alice/app', chain);
    const listed = await run('repo', 'list', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject([{ namespace: 'alice', name: 'app', tagCount: 1, imageCount: 2 }]);
    await expect(run('migrate')).resolves.toEqual(success('The schema is up to date.\n'));

    const end = await first.stop();
    expect([end.code, end.stderr]).toEqual([0, '']);
    expect(end.stdout.match(new RegExp(ADMINISTRATOR, 'gm'))).toHaveLength(1);

    const second = await serve(environment);
    await expect(second.logIn('admin', password)).resolves.toEqual([200, '"OK"']);
    const token = await startPull(second, 'alice/app');
    for (const { id, layer } of chain) {
      const pulled = await request(second.url).get(`/v1/images/${id}/layer`).set('Authorization', token).buffer();
      expect([pulled.status, pulled.body]).toEqual([200, layer]);
    }
    const again = await second.stop('SIGINT');
    expect(again).toEqual(success(`Drydock listens on ${second.url}\n`));

    await expect(run('user', 'list', '--json')).resolves.toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a server with a configured Postgres', () => {
  it('creates the configured administrator, only at the first start, and shows no password', async () => {
    const place = await createCommandPlace();
    try {
      const named = {
        DRYDOCK_ADMIN_USERNAME: 'captain',
        DRYDOCK_ADMIN_PASSWORD: 'captainpw',
        DRYDOCK_ADMIN_EMAIL: 'captain@example.com',
      };
      const first = await serve({ ...place.environment, ...named });
      await expect(first.logIn('captain')).resolves.toEqual([200, '"OK"']);
      await expect(first.stop()).resolves.toEqual(success(`Drydock listens on ${first.url}\n`));
      const second = await serve({ ...place.environment, ...named, DRYDOCK_ADMIN_PASSWORD: 'another1' });
      await expect(second.logIn('captain')).resolves.toEqual([200, '"OK"']);
      await expect(second.stop()).resolves.toEqual(success(`Drydock listens on ${second.url}\n`));
      const { stdout } = await place.run('user', 'list', '--json');
      expect(JSON.parse(stdout)).toMatchObject([
        { username: 'captain', email: 'captain@example.com', isAdmin: true, isActive: true },
      ]);
    } finally {
      await place.close();
    }
  });

  it('lets an upload finish when it stops, and accepts nothing new (R40)', async () => {
    const place = await createCommandPlace();
    try {
      await place.run('user', 'add', 'alice', '--password', 'alicepw');
      const server = await serve(place.environment);
      const image = createImage({ layer: Buffer.alloc(200_000, 'layer') });
      const token = await startPush(server, 'alice/app', [image]);
      await request(server.url)
        .put(`/v1/images/${image.id}/json`)
        .set('Authorization', token)
        .send(image.json.toString())
        .expect(200);
      const url = `${server.url}/v1/images/${image.id}/layer`;
      const upload = httpRequest(url, { method: 'PUT', headers: { Authorization: token, Expect: '100-continue' } });
      upload.flushHeaders();
      await once(upload, 'continue');
      upload.write(image.layer.subarray(0, 100_000));

      server.command.process.kill('SIGTERM');
      await untilRefused(server.url);
      upload.end(image.layer.subarray(100_000));
      const [response] = (await once(upload, 'response')) as [IncomingMessage];
      expect([response.statusCode, await text(response)]).toEqual([200, 'true']);
      const answeredAt = Date.now();
      await expect(server.command.ended).resolves.toMatchObject({ code: 0, stderr: '' });
      expect(Date.now() - answeredAt).toBeLessThan(4000); // although the client would keep the connection
      const [{ layer_size_bytes: size }] = await place.database.db('uploads').select('layer_size_bytes');
      expect(size).toBe(200_000);
    } finally {
      await place.close();
    }
  });
});

describe('the options of serve', () => {
  it('count more than the environment', async () => {
    const place = await createCommandPlace();
    try {
      const { DATABASE_URL = '', DRYDOCK_DATA_DIR = '' } = place.environment;
      const words = ['serve', '--port', '0', '--data', `${DRYDOCK_DATA_DIR}/other`];
      const command = startCommand(words, { DATABASE_URL, DRYDOCK_DATA_DIR: '/proc/drydock', PORT: '1' });
      running.push(command);
      await command.waitFor(LISTENS);
      expect(existsSync(`${DRYDOCK_DATA_DIR}/other`)).toBe(true);
    } finally {
      await place.close();
    }
  });

  it('are checked as the environment is', async () => {
    const { code, stderr } = await startCommand(['serve', '--port', 'http'], {}).ended;
    expect([code, stderr]).toEqual([
      1,
      'error: The configuration has an invalid value:\n  PORT: must be a whole number\n',
    ]);
  });
});

describe('the error of a server that cannot start', () => {
  it('names every bad value of the configuration at once', async () => {
    const { code, stdout, stderr } = await startCommand(['serve'], {
      PORT: '70000',
      DATABASE_URL: 'mysql://localhost/drydock',
      DRYDOCK_PUBLIC_URL: 'hub.example.com',
      DRYDOCK_REGISTRY_ENDPOINTS: 'https://hub.example.com',
      DRYDOCK_ADMIN_USERNAME: 'x',
      DRYDOCK_EMAIL_CONFIRMATION: 'on',
      DRYDOCK_BCRYPT_COST: '99',
      LOG_LEVEL: 'loud',
    }).ended;
    expect([code, stdout]).toEqual([1, '']);
    const lines = stderr.split('\n');
    expect(lines[0]).toBe('error: The configuration has invalid values:');
    expect(lines.slice(1, -1).map((line) => /^ {2}([A-Z_]+): .+$/.exec(line)?.[1])).toEqual([
      'PORT',
      'DATABASE_URL',
      'DRYDOCK_PUBLIC_URL',
      'DRYDOCK_REGISTRY_ENDPOINTS',
      'DRYDOCK_ADMIN_USERNAME',
      'DRYDOCK_EMAIL_CONFIRMATION',
      'DRYDOCK_BCRYPT_COST',
      'LOG_LEVEL',
      'DRYDOCK_ADMIN_PASSWORD',
    ]);
  });

  it('names a port that another process uses, before it creates an administrator', async () => {
    const place = await createCommandPlace();
    const other = createServer();
    try {
      other.listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const environment = {
        ...place.environment,
        DRYDOCK_ADMIN_USERNAME: 'captain',
        DRYDOCK_ADMIN_PASSWORD: 'captainpw',
      };
      const command = startCommand(['serve'], { ...environment, PORT: String(port), LOG_LEVEL: 'error' });
      running.push(command);
      await expect(command.ended).resolves.toEqual({
        code: 1,
        stdout: '',
        stderr: `error: another program is already listening on 127.0.0.1:${port}: choose another port with --port or PORT\n`,
      });
      await expect(place.database.db('users')).resolves.toEqual([]);
    } finally {
      other.close();
      await place.close();
    }
  });
});
