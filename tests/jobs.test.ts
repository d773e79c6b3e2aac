import { mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { jobsOf } from '../src/jobs';
import { DAMAGES, filesBelow } from './helpers/damage';
import { createImage, pushImages, type TestImage } from './helpers/images';
import { addUser, startTestServer, type TestServer } from './helpers/test-server';

const DAY_MS = 24 * 3_600_000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

async function runScrub(stopping: AbortSignal): Promise<void> {
  const job = jobsOf(server.ctx).find(({ name }) => name === 'scrub');
  expect(job?.schedule).toMatch(/^\d+ \d+ \* \* \*$/); // daily
  await job?.run(stopping);
}

const rows = () => server.ctx.db('blobs').select('damage', 'verified_at').orderBy('damage');

it('the nightly scrub quarantines damaged layers, unless it is stopped, and empties the quarantine of old ones (R59)', async () => {
  const images = [createImage(), createImage()] as [TestImage, TestImage];
  await pushImages(server, 'alice/app', images);
  await DAMAGES['wrong bytes']({ db: server.ctx.db, blobDir: server.blobDir }, images[0]);
  const quarantine = path.join(server.blobDir, 'quarantine');
  await mkdir(quarantine);
  for (const [name, days] of Object.entries({ old: 31, recent: 29 })) {
    const then = new Date(Date.now() - days * DAY_MS);
    await writeFile(path.join(quarantine, name), 'damaged');
    await utimes(path.join(quarantine, name), then, then);
  }

  await runScrub(AbortSignal.abort());
  expect(await rows()).toEqual(Array(2).fill({ damage: null, verified_at: null }));

  await runScrub(new AbortController().signal);
  const found = await rows();
  expect(found.map(({ damage }) => damage as unknown)).toEqual(['wrong bytes', null]);
  expect(found.every(({ verified_at: at }) => at instanceof Date)).toBe(true);
  const kept = await filesBelow(server.blobDir, 'quarantine');
  expect(kept).toContain('recent');
  expect(kept).not.toContain('old');
  expect(kept).toHaveLength(2);
});
