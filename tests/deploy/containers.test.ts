import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { VARIABLES } from '../../src/config';
import { createCommandPlace, type CommandPlace } from '../helpers/command-place';
import { startChildServer } from '../helpers/child-server';
import { freePort } from '../helpers/free-port';
import { selfSignedCertificate } from '../helpers/self-signed-certificate';

const ROOT = path.join(__dirname, '../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

interface Service {
  readonly environment: Record<string, string | null>;
  readonly read_only?: boolean;
  readonly volumes?: readonly string[];
}

describe('docker-compose.yml', () => {
  const compose = parse(read('docker-compose.yml')) as Record<string, unknown> & { services: Record<string, Service> };
  const { drydock } = compose.services;

  it('passes every variable of .env.example on, except for those of the image', () => {
    const documented = [...read('.env.example').matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name = '']) => name);
    expect(documented).toEqual(VARIABLES);
    const ofImage = ['PORT', 'HOST', 'DRYDOCK_DATA_DIR'];
    for (const name of ofImage) expect(read('Dockerfile')).toMatch(new RegExp(`^(ENV)? +.*\\b${name}=`, 'm'));
    const passed = Object.keys(drydock?.environment ?? {}).filter((name) => !name.startsWith('AWS_'));
    expect([...passed].sort()).toEqual(documented.filter((name) => !ofImage.includes(name)).sort());
    const fixed = Object.entries(drydock?.environment ?? {}).flatMap(([name, value]) => (value === null ? [] : [name]));
    expect(fixed).toEqual(['DATABASE_URL']);
  });

  it('can be read by docker-compose 1.29, which refuses a name', () => {
    expect(Object.keys(compose)).toEqual(['services', 'volumes']);
  });

  it('leaves the container nothing to write to but the layers and /tmp', () => {
    expect(drydock).toMatchObject({ read_only: true, tmpfs: ['/tmp'], volumes: ['layers:/var/lib/drydock'] });
  });
});

describe('the health check of the image', () => {
  let place: CommandPlace;
  beforeAll(async () => {
    place = await createCommandPlace();
  });
  afterAll(() => place.close());

  /** Runs the command of the Dockerfile, in this checkout. */
  async function check(environment: Record<string, string>): Promise<number | null> {
    const [, words = '[]'] = /^HEALTHCHECK .*\\\n +CMD (\[.*\])$/m.exec(read('Dockerfile')) ?? [];
    const [command = '', ...args] = JSON.parse(words) as string[];
    expect(command).toBe('node');
    const child = spawn(process.execPath, args, { cwd: ROOT, env: { PATH: process.env['PATH'], ...environment } });
    return ((await once(child, 'exit')) as [number | null])[0];
  }

  it('passes if the server answers over http, and fails if nothing listens', async () => {
    const PORT = String(await freePort());
    expect(await check({ PORT })).toBe(1);
    const server = await startChildServer({ ...place.environment, PORT, HOST: '0.0.0.0' });
    try {
      expect(await check({ PORT, HOST: '0.0.0.0' })).toBe(0);
    } finally {
      await server.end('SIGTERM');
    }
  });

  it('passes if the server answers over https, with a certificate for another name', async () => {
    const { cert, key } = selfSignedCertificate('hub.example.com');
    const tls = { DRYDOCK_TLS_CERT: `${place.dataDir}/cert.pem`, DRYDOCK_TLS_KEY: `${place.dataDir}/key.pem` };
    writeFileSync(tls.DRYDOCK_TLS_CERT, cert);
    writeFileSync(tls.DRYDOCK_TLS_KEY, key);
    const PORT = String(await freePort());
    const server = await startChildServer({ ...place.environment, ...tls, PORT });
    try {
      expect(await check({ PORT, ...tls })).toBe(0);
      expect(await check({ PORT })).toBe(1);
    } finally {
      await server.end('SIGTERM');
    }
  });
});
