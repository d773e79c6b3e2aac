import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Resources } from '../measure/resources';
import { S3_CREDENTIALS, startRadosgw } from './radosgw';

const MEBIBYTES = 8192;
const REGION = 'us-east-1';

/** A bucket that anybody may read and write, so that a client needs no signature. */
export interface Bucket {
  readonly endpoint: string;
  readonly name: string;
}

/** Starts a store with a bucket. */
export async function startBucket(resources: Resources): Promise<Bucket> {
  const folder = await resources.createDir('s3');
  const onStart = (child: Parameters<Parameters<typeof startRadosgw>[0]['onStart']>[0]): void =>
    resources.onEnd(async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    });
  const endpoint = await startRadosgw({ folder, mebibytes: MEBIBYTES, onStart });
  const client = new S3Client({ region: REGION, endpoint, credentials: S3_CREDENTIALS, forcePathStyle: true });
  const name = `bench-${randomBytes(6).toString('hex')}`;
  await client.send(new CreateBucketCommand({ Bucket: name, ACL: 'public-read-write' }));
  client.destroy();
  return { endpoint, name };
}

/** The settings of a Drydock that keeps its layers in the bucket. */
export function drydockIn({ endpoint, name }: Bucket): Record<string, string> {
  return {
    DRYDOCK_STORAGE: `s3://${name}/drydock`,
    DRYDOCK_S3_ENDPOINT: endpoint,
    DRYDOCK_S3_REGION: REGION,
    DRYDOCK_S3_PATH_STYLE: 'on',
    AWS_ACCESS_KEY_ID: S3_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_CREDENTIALS.secretAccessKey,
  };
}

/** The storage of a docker-registry in the bucket, which sends the bytes itself, as Drydock does. */
export function dockerRegistryIn({ endpoint, name }: Bucket): object {
  return {
    s3: {
      accesskey: S3_CREDENTIALS.accessKeyId,
      secretkey: S3_CREDENTIALS.secretAccessKey,
      region: REGION,
      regionendpoint: endpoint,
      bucket: name,
      secure: false,
      rootdirectory: '/docker-registry',
    },
    redirect: { disable: true },
  };
}
