import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { isInstalled } from './installed';
import { S3_CREDENTIALS, s3FolderIn, startS3Daemons } from './s3-daemons';

/** A store that speaks S3: radosgw of Ceph, with all data in memory. */
export interface S3Server {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Creates a bucket with a new name. */
  createBucket(): Promise<string>;
  /** The keys of the multipart uploads that go on in a bucket, or were left behind. */
  uploadsOf(bucket: string): Promise<string[]>;
  close(): Promise<void>;
}

const REGION = 'us-east-1';

/** Longer than a start ever took. */
const START_MS = 120_000;

/** Whether there is a store that speaks S3 on this machine; see `isInstalled`. */
export function isS3Installed(): boolean {
  return ['radosgw', 'ceph-mon', 'ceph-osd'].map((program) => isInstalled(program, '--version')).every(Boolean);
}

/** The first test file that asks starts the store of the run, the others wait for it. */
async function endpointOfRun(): Promise<string> {
  const folder = s3FolderIn(tmpdir());
  const ready = path.join(folder, 'endpoint');
  const isFirst = (await mkdir(folder, { recursive: true })) !== undefined;
  if (isFirst) {
    await writeFile(`${ready}.new`, await startS3Daemons(folder));
    await rename(`${ready}.new`, ready);
  }
  const end = Date.now() + START_MS;
  while (!existsSync(ready)) {
    if (Date.now() > end) throw new Error('another test file began to start the S3 server, and it did not start');
    await sleep(250);
  }
  return readFile(ready, 'utf8');
}

/** The store of this run, which all test files share; each creates buckets of its own. */
export async function startS3Server(): Promise<S3Server> {
  const endpoint = await endpointOfRun();
  const client = new S3Client({ region: REGION, endpoint, credentials: S3_CREDENTIALS, forcePathStyle: true });
  return {
    endpoint,
    credentials: S3_CREDENTIALS,
    createBucket: async () => {
      const name = `drydock-${randomBytes(6).toString('hex')}`;
      await client.send(new CreateBucketCommand({ Bucket: name }));
      return name;
    },
    uploadsOf: async (Bucket) => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
      return Uploads.map(({ Key = '' }) => Key);
    },
    close: () => {
      client.destroy();
      return Promise.resolve();
    },
  };
}
