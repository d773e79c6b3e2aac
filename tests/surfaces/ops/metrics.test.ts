import type { Server } from 'node:http';
import request from 'supertest';
import { recordEvent, OPERATOR } from '../../../src/features/audit/audit';
import { renewStorageReport } from '../../../src/features/maintenance/storage-report';
import { BUILD } from '../../../src/platform/process/build';
import { createChain, pushImages, startPull } from '../../helpers/images';
import { startSibling } from '../../helpers/sibling-server';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

/** Our series, without histograms: `drydock_jobs{state="waiting"}` and its value. */
async function read(from: Server = server.server): Promise<Record<string, number>> {
  const { text } = await request(from).get('/metrics').expect(200);
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('drydock_') && !line.startsWith('drydock_http_request'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

it('counts what happens', async () => {
  const before = await read();
  await pushImages(server, 'alice/app', createChain(2));
  await startPull(server, 'alice/app');
  for (let turn = 0; turn < 11; turn += 1) {
    await request(server.url)
      .get('/v1/users/')
      .set('Authorization', basic('alice', `wrong${turn}`));
  }
  const after = await read();
  const grown = Object.fromEntries(
    Object.entries(after)
      .map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
      .filter(([name, by]) => by !== 0 && /_total/.test(name) && !/http|cache/.test(name)),
  );
  expect(grown).toEqual({
    drydock_pulls_total: 1,
    drydock_pushes_total: 1,
    'drydock_login_failures_total{kind="password"}': 10, // and the eleventh was refused
    'drydock_login_lockouts_total{limit="pair"}': 1,
  });
});

it('has what is stored, in the queue and ready, and the version', async () => {
  await pushImages(server, 'alice/web', createChain(1));
  await recordEvent(server.ctx.db, OPERATOR, { action: 'backup.run', subject: '' });
  await server.ctx.db.raw(`select graphile_worker.add_job('later', run_at => now() - interval '1 hour')`);
  await server.ctx.db.raw(`select graphile_worker.add_job('never', run_at => now() + interval '1 hour')`);
  await renewStorageReport(server.ctx);
  // A server reads the site-wide figures at most every five seconds; another one has read none yet.
  const sibling = await startSibling(server);
  try {
    const found = await read(sibling.server);
    expect(found).toMatchObject({
      [`drydock_build_info{version="${BUILD.version}",commit="${BUILD.commit ?? ''}"}`]: 1,
      'drydock_ready{part="database"}': 1,
      'drydock_ready{part="storage"}': 1,
      drydock_storage_full: 0,
      drydock_damaged_layers: 0,
      drydock_repositories: 2,
      'drydock_jobs{state="running"}': 0,
      'drydock_jobs{state="failed"}': 0,
    });
    expect(found['drydock_storage_bytes']).toBe(6000);
    expect(found['drydock_storage_free_bytes']).toBeGreaterThan(1_000_000);
    expect(found['drydock_jobs{state="waiting"}']).toBeGreaterThanOrEqual(2);
    expect(Math.round((found['drydock_oldest_job_seconds'] ?? 0) / 60)).toBe(60);
    expect(Date.now() / 1000 - (found['drydock_last_backup_timestamp_seconds'] ?? 0)).toBeLessThan(600);
  } finally {
    await sibling.close();
  }
});

it('counts nothing again for anyone who asks', async () => {
  await server.ctx.db('storage_totals').del();
  const sibling = await startSibling(server);
  try {
    expect(await read(sibling.server)).not.toHaveProperty('drydock_storage_bytes');
    expect(await server.ctx.db('storage_totals')).toEqual([]);
  } finally {
    await sibling.close();
  }
});
