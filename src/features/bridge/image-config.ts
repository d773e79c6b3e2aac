import { digestOf } from '../../platform/bytes/digest';
import { dockerManifest, type LayerDescriptor } from './docker-manifest';
import { goMap, rawMembers, type JsonValue, type Writable } from './go-json';
import { fieldsOf, goTime, textIn, v1Members, wordsIn } from './v1-json';

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

function historyOf(json: JsonValue): Writable {
  const fields = fieldsOf(json);
  const author = textIn(fields, 'author');
  const comment = textIn(fields, 'comment');
  const createdBy = (wordsIn(fieldsOf(fields.get('container_config')), 'cmd') ?? []).join(' ');
  return {
    created: goTime(fields.get('created')),
    ...(author === '' ? {} : { author }),
    ...(createdBy === '' ? {} : { created_by: createdBy }),
    ...(comment === '' ? {} : { comment }),
  };
}

/** Members that have no meaning outside of v1. */
const OF_V1 = ['id', 'parent', 'Size', 'parent_id', 'layer_id', 'throwaway'];

/**
 * The config of the image at the top of a chain.
 *
 * @param chain - the base first; not empty
 */
export function configOfChain(chain: readonly V1Link[]): Buffer {
  const texts = chain.map(({ json }) => json.toString('utf8'));
  const parsed = texts.map((text) => JSON.parse(text) as JsonValue);
  const top = parsed.at(-1) ?? {};
  const isOld = isOlder(textIn(fieldsOf(top), 'docker_version'), KEEPS_RAW);
  const members = new Map<string, Writable>(isOld ? v1Members(top) : rawMembers(texts.at(-1) ?? '{}'));
  for (const name of OF_V1) members.delete(name);
  members.set('rootfs', { type: 'layers', diff_ids: chain.map(({ diffId }) => diffId) });
  members.set('history', parsed.map(historyOf));
  return Buffer.from(goMap(members));
}

/** The manifest of a config and layers, exactly as docker writes it, so that a push of the pulled image has its digest. */
export function manifestOf(config: Buffer, layers: readonly LayerDescriptor[]): Buffer {
  return dockerManifest({ size: config.length, digest: digestOf(config) }, layers);
}
