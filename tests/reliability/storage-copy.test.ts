import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { describeInstalled } from '../helpers/installed';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { asUser, digestOf, startUpload } from '../helpers/v2-client';
import { MovingHub, type Move } from './moving-hub';

/* The layers of a running hub move to a bucket, and back, while clients push and pull, and the copy is killed twice. */

describeInstalled(isS3Installed(), 'a move of the layers under load', () => {
  const KILLS = 2;
  const IMAGES = 30;
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

  /** An upload of which half has arrived. */
  async function beginUpload(bytes: Buffer): Promise<() => Promise<void>> {
    const start = await startUpload(hub.server, 'alice/in-pieces');
    const half = bytes.length / 2;
    const { headers } = await asUser(hub.server, 'patch', start).send(bytes.subarray(0, half)).expect(202);
    return async () => {
      const put = `${String(headers['location'])}?digest=${digestOf(bytes)}`;
      await asUser(hub.server, 'put', put)
        .set('Content-Type', 'application/octet-stream')
        .set('Content-Range', `${half}-${bytes.length - 1}`)
        .send(bytes.subarray(half))
        .expect(201);
      const { body } = await asUser(hub.server, 'get', `/v2/alice/in-pieces/blobs/${digestOf(bytes)}`).expect(200);
      expect(digestOf(body as Buffer)).toBe(digestOf(bytes));
    };
  }

  function expectMoved({ left, total, result, pushes, pulls }: Move): void {
    expect(result).toMatchObject({ damaged: [], isEnd: true });
    expect(left).toBeLessThan(total);
    expect(result.copied.layerCount).toBeLessThanOrEqual(left);
    expect(Math.min(pushes, pulls)).toBeGreaterThan(0);
  }

  it('loses nothing on the way to the bucket (R65)', async () => {
    const finishUpload = await beginUpload(randomBytes(400_000));
    await hub.restart({ DRYDOCK_STORAGE: hub.bucket, DRYDOCK_STORAGE_ALSO: 'file:' });
    expectMoved(await hub.copy(KILLS, finishUpload));
    const blobs = path.join(hub.place.dataDir, 'blobs');
    await rename(blobs, `${blobs}-old`);
    await hub.restart({ DRYDOCK_STORAGE: hub.bucket });
    await hub.expectAll();
    await rename(`${blobs}-old`, blobs);
  });

  it('loses nothing on the way back (R65)', async () => {
    const finishUpload = await beginUpload(randomBytes(400_000));
    await hub.restart({ DRYDOCK_STORAGE: 'file:', DRYDOCK_STORAGE_ALSO: hub.bucket });
    expectMoved(await hub.copy(KILLS, finishUpload));
    await hub.restart({ AWS_ACCESS_KEY_ID: 'nobody' });
    await hub.expectAll();
  });
});
