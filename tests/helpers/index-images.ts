import { pushOverV2, type PushedOverV2 } from './crossing-images';
import type { TestServer } from './test-server';
import { OCI_INDEX, pushManifest, type Described } from './v2-client';

/* Indexes of images for several platforms, which are pushed over v2. */

/** The platform of a descriptor: `linux/arm/v7`. */
export function platformOf(text: string): { readonly platform: object } {
  const [os, architecture, variant] = text.split('/');
  return { platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } };
}

/** An index, and its images by their platforms. */
export interface PushedIndex {
  readonly manifest: Described;
  readonly images: Readonly<Record<string, PushedOverV2>>;
}

/** Pushes an index as `tag`, with an image for each of the platforms. */
export async function pushIndex(
  server: Pick<TestServer, 'server'>,
  name: string,
  platforms: readonly string[],
  { tag = 'latest', type = OCI_INDEX, more = {}, image = {} }: IndexOptions = {},
): Promise<PushedIndex> {
  const images: Record<string, PushedOverV2> = {};
  for (const platform of platforms) images[platform] = await pushOverV2(server, name, { ...image, tag: '' });
  const manifests = platforms.map((each) => ({ ...images[each]!.manifest, ...platformOf(each) }));
  const index = { schemaVersion: 2, mediaType: type, manifests, ...more };
  return { manifest: await pushManifest(server, name, tag, index, { type }), images };
}

/** The tag (by digest if it is empty), the media type, further members, and how the images are pushed. */
export interface IndexOptions {
  readonly tag?: string;
  readonly type?: string;
  readonly more?: object;
  readonly image?: Parameters<typeof pushOverV2>[2];
}
