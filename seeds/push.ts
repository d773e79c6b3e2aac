import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Context } from '../src/context';
import type { Actor, Identity, RepositoryName } from '../src/features/access/actor';
import { putChecksum } from '../src/features/images/checksums';
import { getImageOrLink } from '../src/features/images/linking';
import { getUploadForLayer, putImageJson, storeLayer } from '../src/features/images/uploads';
import { finishPush, startPush } from '../src/features/pushes/image-lists';
import { getWritable } from '../src/features/repositories/get-repository';
import { putTag } from '../src/features/tags/tags';
import { AppError } from '../src/platform/errors';
import type { DemoImage } from './images';

/** The desired content of a repository: a chain, base first, and tags on some of its images. */
export interface DemoPush {
  readonly repository: RepositoryName;
  readonly chain: readonly DemoImage[];
  readonly tags: Readonly<Record<string, DemoImage>>;
}

const ADDRESS = '127.0.0.1';

async function isComplete(ctx: Context, actor: Actor, image: DemoImage): Promise<boolean> {
  try {
    await getImageOrLink(ctx, actor, image.id);
    return true;
  } catch (error) {
    // `invalid`: an interrupted attempt, perhaps of an earlier seed.
    if (error instanceof AppError && (error.code === 'not_found' || error.code === 'invalid')) return false;
    throw error;
  }
}

async function upload(ctx: Context, actor: Actor, image: DemoImage): Promise<void> {
  await putImageJson(ctx, actor, image.id, () => Promise.resolve(image.json));
  await storeLayer(ctx, actor, await getUploadForLayer(ctx, actor, image.id), Readable.from([image.layer]));
  const payload = createHash('sha256').update(image.json).update('\n').update(image.layer).digest('hex');
  const { signal } = new AbortController();
  await putChecksum(ctx, { actor, signal }, image.id, { payload: `sha256:${payload}`, tarsum: undefined });
}

/** Pushes as an engine does, without HTTP: what exists already is not sent again. */
export async function push(ctx: Context, identity: Identity, { repository, chain, tags }: DemoPush): Promise<void> {
  const user: Actor = { kind: 'user', proof: 'password', address: ADDRESS, identity };
  const nonce = randomBytes(8).toString('hex');
  const token: Actor = { kind: 'token', address: ADDRESS, identity, repository, access: 'write', nonce };
  const list = chain.map(({ id }) => ({ id, checksum: undefined }));
  await startPush(ctx, user, repository, () => Promise.resolve(list), nonce);
  for (const image of chain) {
    if (!(await isComplete(ctx, token, image))) await upload(ctx, token, image);
  }
  for (const [name, image] of Object.entries(tags)) {
    await putTag(ctx, await getWritable(ctx, token, repository), { name, imageId: image.id, engine: {} });
  }
  await finishPush(ctx, await getWritable(ctx, user, repository), []);
}
