import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as v1 from '../../src/client/v1/v1-client';
import { writeTar } from '../../src/platform/tar/write-tar';
import { BASIC } from '../servers/drydock';
import { call } from './http';
import { finishLatest } from './v1-client';

const CREATED = new Date('2014-05-13T16:53:20Z');
export const SMALL_REPOSITORY = 'bench/small';

/** Pushes an image with one small layer that is new: list, json, layer, checksum, tag, list. */
export async function pushSmallImage(url: string, repository = SMALL_REPOSITORY): Promise<void> {
  const layer = gzipSync(writeTar([{ name: 'file', body: randomBytes(4096) }], CREATED));
  const id = randomBytes(32).toString('hex');
  const json = JSON.stringify({ id, created: '2015-02-10T18:00:00Z', architecture: 'amd64', os: 'linux' });
  const session = await v1.startPush({ url, basic: BASIC, repository }, [id]);
  const headers = { Authorization: session.authorization };
  const image = `${url}/v1/images/${id}`;
  await call({ method: 'PUT', url: `${image}/json`, headers, body: json });
  await call({ method: 'PUT', url: `${image}/layer`, headers, body: layer });
  const payload = createHash('sha256').update(`${json}\n`).update(layer).digest('hex');
  await call({
    method: 'PUT',
    url: `${image}/checksum`,
    headers: { ...headers, 'X-Docker-Checksum-Payload': `sha256:${payload}` },
  });
  await finishLatest(session, id);
}
