import {
  flag,
  integer,
  listOf,
  mapOf,
  pointer,
  struct,
  text,
  texts,
  time,
  words,
  type Field,
  type Kind,
} from './go-fields';
import { goJson, type GoStruct, type Writable } from './go-json';
import { ZERO_TIME } from './go-time';
import { jsonText } from './json-text';

/* The json of a v1 image, and configs, as the structs of docker 17.05 read and write them (bridge 8.1, step 3). */

const field = (name: string, kind: Kind): Field => ({ name, ...kind, isOptional: false });
const optional = (name: string, kind: Kind): Field => ({ name, ...kind, isOptional: true });
const set = mapOf(struct([]));

const healthcheck = struct([
  optional('Test', texts),
  optional('Interval', integer),
  optional('Timeout', integer),
  optional('StartPeriod', integer),
  optional('Retries', integer),
]);

const config = struct([
  field('Hostname', text),
  field('Domainname', text),
  field('User', text),
  field('AttachStdin', flag),
  field('AttachStdout', flag),
  field('AttachStderr', flag),
  optional('ExposedPorts', set),
  field('Tty', flag),
  field('OpenStdin', flag),
  field('StdinOnce', flag),
  field('Env', texts),
  field('Cmd', words),
  optional('Healthcheck', pointer(healthcheck)),
  optional('ArgsEscaped', flag),
  field('Image', text),
  field('Volumes', set),
  field('WorkingDir', text),
  field('Entrypoint', words),
  optional('NetworkDisabled', flag),
  optional('MacAddress', text),
  field('OnBuild', texts),
  field('Labels', mapOf(text)),
  optional('StopSignal', text),
  optional('StopTimeout', pointer(integer)),
  optional('Shell', words),
]);

const created = field('created', time(ZERO_TIME));

const V1_FIELDS: readonly Field[] = [
  optional('id', text),
  optional('parent', text),
  optional('comment', text),
  created,
  optional('container', text),
  field('container_config', config),
  optional('docker_version', text),
  optional('author', text),
  optional('config', pointer(config)),
  optional('architecture', text),
  optional('os', text),
  optional('Size', integer),
];

const v1Image = struct(V1_FIELDS);

const historyLine = struct([
  created,
  optional('author', text),
  optional('created_by', text),
  optional('comment', text),
  optional('empty_layer', flag),
]);

/** A config; that of v1 is a part of it. */
const image = struct([
  ...V1_FIELDS,
  optional('rootfs', pointer(struct([field('type', text), optional('diff_ids', texts)]))),
  optional('history', listOf(historyLine)),
  optional('os.version', text),
  optional('os.features', texts),
]);

/** The json of a v1 image as docker reads it. A value that docker refuses is left out. */
export interface V1Json {
  /** as docker writes them */
  readonly members: readonly (readonly [name: string, value: Writable])[];
  readonly dockerVersion: string;
  /** its line in the history of a config */
  readonly history: Writable;
}

function historyOf(v1: GoStruct): Writable {
  const line = historyLine.zero() as GoStruct;
  const command = (v1.get('container_config') as GoStruct).get('Cmd');
  for (const name of ['created', 'author', 'comment']) line.set(name, v1.get(name) ?? null);
  return line.set('created_by', Array.isArray(command) ? command.join(' ') : '');
}

/**
 * Reads the json of a v1 image.
 *
 * @param json - valid JSON, without whitespace around it
 */
export function readV1Json(json: string): V1Json {
  const v1 = v1Image.read(json, v1Image.zero(), () => undefined) as GoStruct;
  return { members: v1.written(), dockerVersion: v1.get('docker_version') as string, history: historyOf(v1) };
}

/** Whether docker can read a config. */
export function isConfig(json: string): boolean {
  let isRefused = false;
  image.read(json, image.zero(), () => (isRefused = true));
  return !isRefused;
}

/** What says how an image runs, and not who pushed it. */
const OF_RUN = ['config', 'architecture', 'os'];

/** Whether an image of v1 runs as another one. Engines write json in their own ways, and add sizes. */
export function runsAs(json: Buffer, other: Buffer): boolean {
  const [one, two] = [json, other].map((bytes) => new Map(readV1Json(jsonText(bytes)).members));
  return OF_RUN.every((name) => goJson(one?.get(name) ?? null) === goJson(two?.get(name) ?? null));
}
