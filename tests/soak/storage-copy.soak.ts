import { setTimeout as sleep } from 'node:timers/promises';
import { describeInstalled } from '../helpers/installed';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { MovingHub } from '../reliability/moving-hub';
import { MINUTES, print } from './minutes';

/*
 * The layers of a hub move to a bucket and back, again and again for DRYDOCK_SOAK_MINUTES (10 by default), under load. The
 * copy is killed five times on each way, and the server once.
 */

const KILLS = 5;
const IMAGES = 120;

describeInstalled(isS3Installed(), 'moves of the layers', () => {
  let s3: S3Server;
  let hub: MovingHub;
  beforeAll(async () => {
    s3 = await startS3Server();
    hub = await MovingHub.start(s3, IMAGES);
  });
  afterAll(async () => {
    await hub.close();
    await s3.close();
  });

  it('lose nothing', async () => {
    const end = Date.now() + MINUTES * 60_000;
    for (let round = 1; round === 1 || Date.now() < end; round += 1) {
      for (const [to, from] of [
        [hub.bucket, 'file:'],
        ['file:', hub.bucket],
      ] as const) {
        await hub.restart({ DRYDOCK_STORAGE: to, DRYDOCK_STORAGE_ALSO: from });
        const killServer = async (): Promise<void> => {
          await sleep(500);
          await hub.crash();
        };
        const { result, left, total, pushes, pulls } = await hub.copy(KILLS, killServer);
        expect(result).toMatchObject({ damaged: [], isEnd: true });
        await hub.restart({ DRYDOCK_STORAGE: to });
        await hub.expectAll();
        const copied = `${total} layers, ${left} left after ${KILLS} kills, ${result.copied.layerCount} copied then`;
        print(`round ${round} to ${to}: ${copied}; ${pushes} pushes and ${pulls} pulls at that time`);
      }
    }
  });
});
