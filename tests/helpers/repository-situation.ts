import type { Situation } from '../../src/features/access/repository-states';
import { insertRemoteRepository } from '../../src/features/repositories/repositories.store';
import { askApi } from './api-client';
import { createImage, pushImages, type TestImage } from './images';
import { call } from './registry-client';
import { basic, type TestServer } from './test-server';

/** A repository name of alice, what it stands for, and what exists there. */
export interface Situated {
  readonly situation: Situation;
  /** The requested name, without the namespace. */
  readonly name: string;
  /** The current name of the repository; differs from a former name. */
  readonly present: string;
  /** The images that were pushed to it, or may be. */
  readonly image: TestImage;
}

let count = 0;

/** Names that are not part of any other name. */
function freshName(): string {
  count += 1;
  return `state${count}x`;
}

/** Creates a public repository of alice, and brings it into a situation in the ways that users have. */
export async function situate(server: TestServer, situation: Situation): Promise<Situated> {
  const name = freshName();
  const image = createImage();
  if (situation === 'remote') {
    await insertRemoteRepository(server.ctx.db, { namespace: 'alice', name });
    return { situation, name, present: name, image };
  }
  if (situation === 'initialized') {
    const body = { namespace: 'alice', name };
    await askApi(server, 'post', '/api/v1.1/repositories/', { as: 'alice', body });
    return { situation, name, present: name, image };
  }
  await pushImages(server, `alice/${name}`, [image]);
  if (situation === 'deleting') {
    const { status } = await call(server, 'delete', `/v1/repositories/alice/${name}/`, {
      authorization: basic('alice'),
    });
    expect(status).toBe(202);
  }
  if (situation !== 'former') return { situation, name, present: name, image };
  const present = freshName();
  const to = { namespace: 'alice', name: present };
  await askApi(server, 'post', `/api/v1.1/repositories/alice/${name}/move/`, { as: 'alice', body: to });
  return { situation, name, present, image };
}
