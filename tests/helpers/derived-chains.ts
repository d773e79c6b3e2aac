import { hex, type PushedOverV2 } from './crossing-images';
import { createImage, payloadOf, startPull, type TestImage } from './images';
import { registryClient } from './registry-client';
import type { TestServer } from './test-server';
import { asText, asUser, digestOf, imageOf, pushManifest } from './v2-client';

/* Images that were pushed over v2, under the ids by which v1 clients know them. */

/** An image as an engine would push it, with other parts. */
export function withParts(image: TestImage, parts: Partial<Pick<TestImage, 'json' | 'layer'>>): TestImage {
  const changed = { ...image, ...parts };
  return { ...changed, payload: payloadOf(changed.json, changed.layer) };
}

/** The chain of a public image that was pushed over v2, as v1 clients pull it; the base first. */
export async function derivedChain(server: TestServer, repository: string, top: string): Promise<TestImage[]> {
  const pull = registryClient(server, await startPull(server, repository));
  const ids = JSON.parse((await pull.get(top, 'ancestry')).text) as string[];
  const chain = ids.reverse().map(async (id) => {
    const [json, layer] = [(await pull.get(id, 'json')).bytes, (await pull.get(id, 'layer')).bytes];
    return withParts(createImage({ id }), { json, layer });
  });
  return Promise.all(chain);
}

/** Pushes an image over v2 into another repository, by mounting its blobs. */
export async function pushAgain(
  server: TestServer,
  { config, layers }: PushedOverV2,
  { from, to, tag = 'latest' }: { from: string; to: string; tag?: string },
): Promise<void> {
  for (const { digest } of [config, ...layers]) {
    await asUser(server, 'post', `/v2/${to}/blobs/uploads/?mount=${digest}&from=${from}`).expect(201);
  }
  await pushManifest(server, to, tag, imageOf(config, layers));
}

/** The digests of the bytes that clients of v2 get for a tag: the manifest's, and those of all its blobs. */
export async function pulledDigests(server: TestServer, repository: string, tag = 'latest'): Promise<string[]> {
  const { body } = await asUser(server, 'get', `/v2/${repository}/manifests/${tag}`).buffer().parse(asText).expect(200);
  const { config, layers } = JSON.parse(body as string) as Pick<PushedOverV2, 'config' | 'layers'>;
  const blobs = [config, ...layers].map(async ({ digest }) => {
    const blob = await asUser(server, 'get', `/v2/${repository}/blobs/${digest}`).expect(200);
    return digestOf(blob.body as Buffer);
  });
  return [digestOf(body as string), ...(await Promise.all(blobs))];
}

/** The same as it was pushed. */
export function pushedDigests({ manifest, config, layers }: PushedOverV2): string[] {
  return [manifest, config, ...layers].map(({ digest }) => digest);
}

type Forge = (base: TestImage, top: TestImage) => TestImage[];

const evil = (top: TestImage): Buffer => {
  const json = JSON.parse(top.json.toString()) as object;
  return Buffer.from(JSON.stringify({ ...json, config: { Cmd: ['evil'] } }));
};

/** Other images under the ids of a chain of two, as a pusher over v1 may send them. */
export const FORGERIES: Readonly<Record<string, Forge>> = {
  'another top layer': (base, top) => [base, withParts(top, { layer: Buffer.from('evil') })],
  'another command': (base, top) => [base, withParts(top, { json: evil(top) })],
  'another base layer': (base, top) => [withParts(base, { layer: Buffer.from('evil') }), top],
  'no base': (_base, top) => [createImage({ id: top.id })],
  'something below the base': (base, top) => {
    const below = createImage();
    return [below, createImage({ id: base.id, parent: below.id, layer: base.layer }), top];
  },
};

/** The ids of the chain of an image of two layers, the base first. */
export const idsOf = ({ config, diffIds }: PushedOverV2): [base: string, top: string] => [
  hex(diffIds[0] ?? ''),
  hex(config.digest),
];
