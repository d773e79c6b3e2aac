import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { X509Certificate } from 'node:crypto';
import pino from 'pino';
import { readConfig } from '../../src/config';
import { startListeners } from '../../src/listeners';
import { readCertificate, type CertificateFiles } from '../../src/platform/http/certificate';
import type { Logger } from '../../src/platform/log/logger';
import { DEFAULT_LIMITS } from '../../src/surfaces/cli/doctor/doctor';
import { freePort } from '../helpers/free-port';
import { selfSignedCertificate, type Certificate } from '../helpers/self-signed-certificate';
import { createTestContext } from '../helpers/test-context';
import { createTestDatabase, type TestDatabase } from '../helpers/test-database';
import { addUser, basic } from '../helpers/test-server';
import { waitUntil } from '../helpers/wait-until';
import { examineAtOnce, failedSteps } from '../surfaces/cli/doctor/examination';

let database: TestDatabase;
let folder: string;
const files = (): { cert: string; key: string } => ({
  cert: path.join(folder, 'cert.pem'),
  key: path.join(folder, 'key.pem'),
});

async function writeCertificate({ cert, key }: Certificate): Promise<void> {
  await writeFile(files().cert, cert);
  await writeFile(files().key, key);
}

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'drydock-tls-'));
  await writeCertificate(selfSignedCertificate());
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

/** The answers of the listeners, over one connection each. */
async function get(
  url: string,
  options: { minVersion?: 'TLSv1'; maxVersion?: 'TLSv1' | 'TLSv1.2'; ciphers?: string; authorization?: string } = {},
): Promise<{ status: number; body: string; protocol: string | null; fingerprint: string }> {
  const { authorization, ...tls } = options;
  return new Promise((resolve, reject) => {
    const headers = authorization === undefined ? {} : { authorization };
    const request = httpsRequest(url, { rejectUnauthorized: false, agent: false, headers, ...tls }, (response) => {
      const socket = response.socket as unknown as TLSSocket;
      const { fingerprint256: fingerprint } = socket.getPeerCertificate();
      const protocol = socket.getProtocol();
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, protocol, fingerprint }));
    });
    request.on('error', reject);
    request.end();
  });
}

const INSECURE = { ...DEFAULT_LIMITS, insecure: true };
const OLD = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;

async function startTls(
  settings: { standalone?: boolean } = {},
  changes: { files?: CertificateFiles; log?: Logger } = {},
) {
  const ctx = createTestContext(database.db, { settings });
  const legacyPort = await freePort();
  const { cert, key } = changes.files ?? files();
  const config = readConfig({
    PORT: '0',
    DRYDOCK_TLS_CERT: cert,
    DRYDOCK_TLS_KEY: key,
    DRYDOCK_LEGACY_TLS_PORT: String(legacyPort),
  });
  const listeners = await startListeners(ctx, config, changes.log ?? ctx.log, 20);
  return { ctx, legacyUrl: `https://127.0.0.1:${legacyPort}`, ...listeners };
}

describe('https', () => {
  let server: Awaited<ReturnType<typeof startTls>>;
  beforeAll(async () => {
    server = await startTls();
    await addUser(server, 'alice');
  });
  afterAll(() => server.stop(AbortSignal.abort()));

  it('is served by the main listener, without TLS 1.0 (R20)', async () => {
    expect(server.url).toMatch(/^https:/);
    expect(await get(`${server.url}/v1/_ping`)).toMatchObject({ status: 200, body: 'true', protocol: 'TLSv1.3' });
    await expect(get(`${server.url}/v1/_ping`, OLD)).rejects.toThrow();
  });

  it('is served by the legacy listener in TLS 1.0, only for the protocol (R20)', async () => {
    const authorization = basic('alice');
    expect(await get(`${server.legacyUrl}/v1/_ping`, OLD)).toMatchObject({ status: 200, protocol: 'TLSv1' });
    expect(await get(`${server.legacyUrl}/v1/users/`, { ...OLD, authorization })).toMatchObject({ body: '"OK"' });
    expect((await get(`${server.legacyUrl}//v1/_ping`, OLD)).status).toBe(200);
    expect((await get(`${server.legacyUrl}/v2/`, OLD)).status).toBe(404);
    for (const other of ['/', '/healthz', '/readyz', '/metrics', '/v1', '//metrics']) {
      expect((await get(server.legacyUrl + other, OLD)).status).toBe(404);
    }
  });

  it('works for all engines with tokens (E2)', async () => {
    expect(failedSteps(await examineAtOnce(server.url, { limits: INSECURE }))).toEqual({});
  });
});

describe('https in standalone mode', () => {
  it('works for all engines with Basic on every request (E2)', async () => {
    const server = await startTls({ standalone: true });
    try {
      expect(failedSteps(await examineAtOnce(server.url, { limits: INSECURE }))).toEqual({});
    } finally {
      await server.stop(AbortSignal.abort());
    }
  });
});

describe('a certificate', () => {
  it('that cannot be used is reported in a sentence', async () => {
    const { cert, key } = files();
    await expect(readCertificate({ cert: `${cert}.gone`, key })).rejects.toThrow(`cannot read ${cert}.gone`);
    const other = path.join(folder, 'other.pem');
    await writeFile(other, selfSignedCertificate().key);
    await expect(readCertificate({ cert, key: other })).rejects.toThrow('are not a certificate and its key');
  });

  it('is renewed at all listeners when a link is swapped, and stays in use while the new one is bad', async () => {
    const live = path.join(folder, 'live');
    // This is how certbot and Kubernetes do it: the paths stay, and lead elsewhere.
    const publish = async (name: string, certificate: Certificate): Promise<string> => {
      await mkdir(path.join(folder, name));
      await writeFile(path.join(folder, name, 'cert.pem'), certificate.cert);
      await writeFile(path.join(folder, name, 'key.pem'), certificate.key);
      await symlink(name, `${live}.new`);
      await rename(`${live}.new`, live);
      return certificate.cert === '' ? '' : new X509Certificate(certificate.cert).fingerprint256;
    };
    const lines: { msg: string }[] = [];
    const log = pino(
      { level: 'warn' },
      { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string }) },
    );
    const said = (start: string): boolean => lines.some(({ msg }) => msg.startsWith(start));

    const first = await publish('first', selfSignedCertificate());
    const server = await startTls({}, { files: { cert: `${live}/cert.pem`, key: `${live}/key.pem` }, log });
    const shown = async (): Promise<string[]> => [
      (await get(`${server.url}/v1/_ping`)).fingerprint,
      (await get(`${server.legacyUrl}/v1/_ping`, OLD)).fingerprint,
    ];
    try {
      expect(said('the legacy port accepts TLS 1.0')).toBe(true);
      expect(await shown()).toEqual([first, first]);

      await publish('empty', { cert: '', key: '' });
      await waitUntil('a warning', () => said('the new certificate is not used'));
      expect(await shown()).toEqual([first, first]);

      const second = await publish('second', selfSignedCertificate());
      await waitUntil('the new certificate', async () =>
        (await shown()).every((fingerprint) => fingerprint === second),
      );
    } finally {
      await server.stop(AbortSignal.abort());
    }
  });
});
