import { rm } from 'node:fs/promises';
import { expectBoth, pushBoth } from '../helpers/backups';
import { startChildServer } from '../helpers/child-server';
import { createCommandPlace, type CommandPlace } from '../helpers/command-place';
import { startFaultyStore } from '../helpers/faulty-store';
import { describeInstalled } from '../helpers/installed';
import { startCommand } from '../helpers/run-command';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { createS3Store } from '../helpers/s3-store';
import { describeBlobStore } from './conformance';
import { describeRemains } from './s3-remains';

describeInstalled(isS3Installed(), 'a bucket', () => {
  let s3: S3Server;
  beforeAll(async () => {
    s3 = await startS3Server();
  });
  afterAll(() => s3.close());

  describeBlobStore('S3', () => createS3Store(s3, { prefix: 'hub/' }));
  describeRemains(() => s3);

  describe('a server with DRYDOCK_STORAGE', () => {
    let place: CommandPlace;
    let environment: Record<string, string>;
    beforeAll(async () => {
      place = await createCommandPlace();
      environment = {
        ...place.environment,
        DRYDOCK_STORAGE: `s3://${await s3.createBucket()}/hub`,
        DRYDOCK_S3_ENDPOINT: s3.endpoint,
        DRYDOCK_S3_PATH_STYLE: 'on',
        AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
      };
    });
    afterAll(() => place.close());

    it('keeps layers in the bucket alone, which another host then reads', async () => {
      const administrator = { DRYDOCK_ADMIN_USERNAME: 'alice', DRYDOCK_ADMIN_PASSWORD: 'alicepw' };
      const one = await startChildServer({ ...environment, ...administrator });
      const pushed = await pushBoth(one);
      await one.end('SIGKILL');
      await rm(place.dataDir, { recursive: true });
      const other = await startChildServer(environment);
      await expectBoth(other, pushed);
      await other.end('SIGTERM');
    });

    it('says in a sentence that the clock is wrong, where the answers of the store do not correct it', async () => {
      const faulty = await startFaultyStore(s3.endpoint);
      faulty.inject(() => true, { kind: 'status', status: 403, code: 'RequestTimeTooSkewed' });
      const { ended } = startCommand(['user', 'list'], { ...environment, DRYDOCK_S3_ENDPOINT: faulty.endpoint });
      const { code, stderr } = await ended;
      await faulty.close();
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          /^error: .* cannot be used: this machine's clock differs too much from the store's: .*\n$/,
        ),
      ]);
    });

    it.each([
      [{ DRYDOCK_STORAGE: 's3://no-such-bucket' }, 'the bucket does not exist'],
      [{ AWS_ACCESS_KEY_ID: 'nobody' }, 'the access key is unknown there'],
      [{ AWS_SECRET_ACCESS_KEY: 'wrong' }, 'the secret key is wrong'],
      [{ DRYDOCK_S3_ENDPOINT: 'http://127.0.0.1:1' }, 'nothing listens there: check DRYDOCK_S3_ENDPOINT'],
    ])('says in a sentence why it cannot use the bucket: %j', async (wrong, reason) => {
      const { code, stderr } = await startCommand(['user', 'list'], { ...environment, ...wrong }).ended;
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(`^error: The bucket .* cannot be used: ${reason}\\.\n$`),
      ]);
    });
  });
});
