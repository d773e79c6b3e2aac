import { digestOf } from '../../platform/bytes/digest';
import { dockerManifest, type LayerDescriptor } from './docker-manifest';
import { goJson, GoMap, RawJson, rawMembers, type Writable } from './go-json';
import { jsonText } from './json-text';
import { isConfig, readV1Json } from './v1-json';

/*
 * What docker 1.13 and 17.05 make of an image that they pull over v1, byte for byte (bridge 8.1): so its config has the
 * digest that these engines show as the image's id.
 */

/** One image of a v1 chain. */
export interface V1Link {
  /** exactly as it was pushed */
  readonly json: Buffer;
  /** the digest of its layer without compression */
  readonly diffId: string;
}

/** From this version on docker keeps members that it does not know. */
const KEEPS_RAW = [1, 8, 3];

/** Whether a version is older, by docker's rule: a part that is not a number counts as 0. */
function isOlder(version: string, than: readonly number[]): boolean {
  const parts = version.split('.').map((part) => (/^[+-]?\d+$/.test(part) ? Number(part) : 0));
  for (let at = 0; at < Math.max(parts.length, than.length); at += 1) {
    const difference = (parts[at] ?? 0) - (than[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Members that have no meaning outside of v1. */
const OF_V1 = new Set(['id', 'parent', 'Size', 'parent_id', 'layer_id', 'throwaway']);

type Members = readonly (readonly [name: string, value: Writable])[];

/** The members of the top, and those that say what it consists of. */
function writeConfig(members: Members, ofChain: Members): string {
  return goJson(new GoMap([...members.filter(([name]) => !OF_V1.has(name)), ...ofChain]));
}

/**
 * The config of the image at the top of a chain. If docker refuses the json of the top, it is written through docker's
 * struct, so that clients can read the config.
 *
 * @param chain - the base first; not empty
 */
export function configOfChain(chain: readonly V1Link[]): Buffer {
  const texts = chain.map(({ json }) => jsonText(json));
  const images = texts.map(readV1Json);
  const rootfs = { type: 'layers', diff_ids: chain.map(({ diffId }) => diffId) };
  const ofChain: Members = [
    ['rootfs', new RawJson(JSON.stringify(rootfs))],
    ['history', images.map(({ history }) => history)],
  ];
  const { members, dockerVersion } = images.at(-1) ?? readV1Json('{}');
  const raw = isOlder(dockerVersion, KEEPS_RAW) ? undefined : writeConfig(rawMembers(texts.at(-1) ?? '{}'), ofChain);
  return Buffer.from(raw !== undefined && isConfig(raw) ? raw : writeConfig(members, ofChain));
}

/** The manifest of a config and layers, exactly as docker writes it, so that a push of the pulled image has its digest. */
export function manifestOf(config: Buffer, layers: readonly LayerDescriptor[]): Buffer {
  return dockerManifest({ size: config.length, digest: digestOf(config) }, layers);
}
