import { startPush, uploadImage, type Target, type TestImage } from '../../helpers/images';
import { call, type Answer } from '../../helpers/registry-client';
import { basic } from '../../helpers/test-server';

/*
 * What docker 1.5 does when the index sends it to another host (protocol 2.6 to 2.11, 2.14): Basic and `X-Docker-Token`
 * to the index, the token to the registry.
 */

/** An index, and the registry that it names. */
export interface Hosts {
  readonly index: Target;
  readonly registry: Target;
}

const asUser = (user: string) => ({ authorization: basic(user), headers: { 'X-Docker-Token': 'true' } });

async function expectStatus(what: string, wanted: number, answer: Promise<Answer>): Promise<Answer> {
  const answered = await answer;
  if (answered.status !== wanted) throw new Error(`${what}: ${answered.status} ${answered.text}`);
  return answered;
}

/** Pushes a chain, base first, under the tag `latest`; resolves to the token's Authorization value. */
export async function pushThrough(
  { index, registry }: Hosts,
  repository: string,
  chain: readonly TestImage[],
  user = 'alice',
): Promise<string> {
  const base = `/v1/repositories/${repository}`;
  const authorization = await startPush(index, repository, chain, user);
  for (const image of chain) {
    const probe = await call(registry, 'get', `/v1/images/${image.id}/json`, { authorization });
    if (probe.status !== 200) await uploadImage(registry, authorization, image);
  }
  const tip = JSON.stringify(chain.at(-1)?.id);
  await expectStatus('tag', 200, call(registry, 'put', `${base}/tags/latest`, { authorization, body: tip }));
  await expectStatus('close', 204, call(index, 'put', `${base}/images`, { ...asUser(user), body: '[]' }));
  return authorization;
}

/** The token to pull with, as an Authorization value. */
export async function openPull(index: Target, repository: string, user?: string): Promise<string> {
  const options = user === undefined ? { headers: { 'X-Docker-Token': 'true' } } : asUser(user);
  const opened = await expectStatus('open', 200, call(index, 'get', `/v1/repositories/${repository}/images`, options));
  return `Token ${opened.headers['x-docker-token']}`;
}

/** Pulls `latest`; resolves to json and layer of each image, base first. */
export async function pullThrough(
  { index, registry }: Hosts,
  repository: string,
  user?: string,
): Promise<{ id: string; json: Buffer; layer: Buffer }[]> {
  const authorization = await openPull(index, repository, user);
  const get = async (path: string): Promise<Answer> =>
    expectStatus(path, 200, call(registry, 'get', `/v1/${path}`, { authorization }));
  const tags = JSON.parse((await get(`repositories/${repository}/tags`)).text) as Record<string, string>;
  const ancestry = JSON.parse((await get(`images/${tags['latest']}/ancestry`)).text) as string[];
  const pulled = [];
  for (const id of ancestry.reverse()) {
    const json = (await get(`images/${id}/json`)).bytes;
    pulled.push({ id, json, layer: (await get(`images/${id}/layer`)).bytes });
  }
  return pulled;
}

/** What a pull of the chain must give. */
export function pulledFrom(chain: readonly TestImage[]): { id: string; json: Buffer; layer: Buffer }[] {
  return chain.map(({ id, json, layer }) => ({ id, json, layer }));
}

/** The three steps of a deletion; resolves to their statuses and the delete token's Authorization value. */
export async function deleteThrough(
  { index, registry }: Hosts,
  repository: string,
  user = 'alice',
): Promise<{ statuses: number[]; token: string }> {
  const path = `/v1/repositories/${repository}/`;
  const first = await call(index, 'delete', path, asUser(user));
  const token = `Token ${first.headers['x-docker-token']}`;
  const second = await call(registry, 'delete', path, { authorization: token });
  const third = await call(index, 'delete', path, { authorization: basic(user) });
  return { statuses: [first.status, second.status, third.status], token };
}
