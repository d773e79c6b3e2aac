import { createHash } from 'node:crypto';
import { parseJson } from '../../platform/http/body';
import { asRecord, type JsonRecord } from '../../platform/untrusted-json';
import { DEPTH_LIMIT } from '../images/uploads';
import type { Descriptor } from '../manifests/manifest-document';
import { folded } from './go-fields';
import { goTime } from './go-time';
import { jsonText, membersOf, stringOf } from './json-text';
import { problemOfTypes } from './manifest-layers';

/*
 * An image that was pushed over v2 as a chain of v1 images, with the ids under which docker 17.05 pushes it over v1, and
 * json that all engines read (bridge 9).
 */

/** One image of the chain. */
export interface DerivedImage {
  readonly id: string;
  /** undefined: the base */
  readonly parentId: string | undefined;
  readonly json: Buffer;
}

/** The chain, an image for each layer, the base first; or why there is none. */
export type Derivation = { readonly chain: readonly DerivedImage[] } | { readonly problem: string };

const DIFF_ID = /^sha256:[0-9a-f]{64}$/;

/** A time that engines can read: all of them fail on any other text. */
function timeOf(created: unknown): { created?: string } {
  const time = typeof created === 'string' ? goTime(created) : undefined;
  return time === undefined ? {} : { created: time };
}

function textsIn(fields: JsonRecord, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = fields[name];
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  );
}

function chainIds(diffIds: readonly string[]): string[] {
  const ids: string[] = [];
  for (const diffId of diffIds) {
    const below = ids.at(-1);
    const text = below === undefined ? undefined : `sha256:${below} ${diffId}`;
    ids.push(text === undefined ? diffId.slice('sha256:'.length) : createHash('sha256').update(text).digest('hex'));
  }
  return ids;
}

/** The lines of the history that made a layer. */
function layerHistory(config: JsonRecord): readonly (JsonRecord | undefined)[] {
  const history = config['history'];
  const lines = Array.isArray(history) ? history : [];
  return lines.map(asRecord).filter((line) => line?.['empty_layer'] !== true);
}

function ancestorJson(
  place: { id: string; parent: string | undefined },
  line: JsonRecord | undefined,
  config: JsonRecord,
): Buffer {
  const { id, parent } = place;
  const createdBy = line?.['created_by'];
  return Buffer.from(
    JSON.stringify({
      id,
      ...(parent === undefined ? {} : { parent }),
      ...timeOf(line?.['created']),
      ...(typeof createdBy === 'string' ? { container_config: { Cmd: [createdBy] } } : {}),
      ...textsIn(config, 'architecture', 'os'),
    }),
  );
}

type Members = readonly (readonly [name: string, value: string])[];

function objectOf(members: Members): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

/** Engines up to 1.5 fail on a command that is text instead of a list. */
function withLists(config: string): string {
  const isText = (name: string, value: string): boolean => /^(?:cmd|entrypoint)$/i.test(name) && value.startsWith('"');
  const members = membersOf(config)?.map(
    ([name, value]) => [name, isText(name, value) ? `[${value}]` : value] as const,
  );
  return members === undefined ? config : objectOf(members);
}

/** What v1 knows nothing of, and what the chain says. Go reads names in any case. */
const DROPPED = new Set(['rootfs', 'history', 'os.version', 'os.features', 'id', 'parent', 'created']);

/** The values keep their text: engines refuse a large number with other digits. */
function topJson(place: { id: string; parent: string | undefined }, config: string): Buffer {
  const members = membersOf(config) ?? [];
  const [, created = ''] = members.findLast(([name]) => folded(name) === 'created') ?? [];
  const ofChain = membersOf(JSON.stringify({ ...place, ...timeOf(stringOf(created)) })) ?? [];
  const ofConfig = members.flatMap(([name, value]): Members => {
    if (DROPPED.has(folded(name))) return [];
    return [[name, /^(?:container_)?config$/.test(folded(name)) ? withLists(value) : value]];
  });
  return Buffer.from(objectOf([...ofChain, ...ofConfig]));
}

function problemOfLayers(layers: readonly Descriptor[], diffIds: unknown): string | undefined {
  if (layers.length > DEPTH_LIMIT) return `it has more than ${DEPTH_LIMIT} layers`;
  const problem = problemOfTypes(layers);
  if (problem !== undefined) return problem;
  const isComplete =
    Array.isArray(diffIds) &&
    diffIds.length === layers.length &&
    diffIds.every((diffId) => typeof diffId === 'string' && DIFF_ID.test(diffId));
  return isComplete ? undefined : 'its config does not list its layers';
}

/**
 * The chain of a config and its layers.
 *
 * @param json - the config
 * @param configDigest - sha256
 * @param layers - as the manifest lists them, the base first
 */
export function deriveChain(json: Buffer, configDigest: string, layers: readonly Descriptor[]): Derivation {
  const config = asRecord(parseJson(json)?.value);
  const rootfs = asRecord(config?.['rootfs']);
  if (config === undefined || rootfs?.['type'] !== 'layers') return { problem: 'it is not an image' };
  const diffIds = rootfs['diff_ids'];
  const problem = problemOfLayers(layers, diffIds);
  if (problem !== undefined) return { problem };
  const ids = chainIds(diffIds as readonly string[]);
  const history = layerHistory(config);
  const top = configDigest.slice('sha256:'.length);
  const chain = layers.map((_layer, at): DerivedImage => {
    const isTop = at === layers.length - 1;
    const id = isTop ? top : (ids[at] ?? '');
    const parent = at === 0 ? undefined : ids[at - 1];
    const own = isTop ? topJson({ id, parent }, jsonText(json)) : ancestorJson({ id, parent }, history[at], config);
    return { id, parentId: parent, json: own };
  });
  return { chain };
}
