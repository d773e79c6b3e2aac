import { asRecord } from '../../platform/untrusted-json';
import { byBytes, type JsonValue, type Writable } from './go-json';

/*
 * The json of a v1 image as docker's Go structs read and write it (bridge 8.1, step 3): keys in any case, unknown keys
 * dropped, the fields of the struct in its order.
 */

type Fields = ReadonlyMap<string, JsonValue>;

function objectOf(value: JsonValue | undefined): Readonly<Record<string, JsonValue>> | undefined {
  return asRecord(value) as Readonly<Record<string, JsonValue>> | undefined;
}

/** The members of an object by their names in lower case; Go takes the last of those that differ only in case. */
export function fieldsOf(value: JsonValue | undefined): Fields {
  return new Map(Object.entries(objectOf(value) ?? {}).map(([key, part]) => [key.toLowerCase(), part]));
}

/** A field that is text; empty when it is absent. */
export function textIn(fields: Fields, name: string): string {
  const value = fields.get(name);
  return typeof value === 'string' ? value : '';
}

/** A list of words, which old engines wrote as one string; null when there is none. */
export function wordsIn(fields: Fields, name: string): readonly string[] | null {
  const value = fields.get(name);
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.map((part) => (typeof part === 'string' ? part : '')) : null;
}

const ZERO_TIME = '0001-01-01T00:00:00Z';
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** A time as Go writes it (RFC 3339, a fraction without zeros at its end); the zero time when it is none. */
export function goTime(value: JsonValue | undefined): string {
  const [, seconds, digits = '', zone = ''] = TIME.exec(typeof value === 'string' ? value : '') ?? [];
  if (seconds === undefined || Number.isNaN(Date.parse(`${seconds}Z`))) return ZERO_TIME;
  const fraction = digits.slice(0, 9).replace(/0+$/, '');
  const isUtc = zone === 'Z' || zone === '+00:00' || zone === '-00:00';
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}${isUtc ? 'Z' : zone}`;
}

type Kind = 'text' | 'flag' | 'number' | 'set' | 'labels' | 'list' | 'words' | 'object';

/** The fields of `container.Config`; those with `?` are left out when they are empty. */
const CONFIG_FIELDS: readonly (readonly [name: string, kind: Kind, isOptional?: '?'])[] = [
  ['Hostname', 'text'],
  ['Domainname', 'text'],
  ['User', 'text'],
  ['AttachStdin', 'flag'],
  ['AttachStdout', 'flag'],
  ['AttachStderr', 'flag'],
  ['ExposedPorts', 'set', '?'],
  ['Tty', 'flag'],
  ['OpenStdin', 'flag'],
  ['StdinOnce', 'flag'],
  ['Env', 'list'],
  ['Cmd', 'words'],
  ['Healthcheck', 'object', '?'],
  ['ArgsEscaped', 'flag', '?'],
  ['Image', 'text'],
  ['Volumes', 'set'],
  ['WorkingDir', 'text'],
  ['Entrypoint', 'words'],
  ['NetworkDisabled', 'flag', '?'],
  ['MacAddress', 'text', '?'],
  ['OnBuild', 'list'],
  ['Labels', 'labels'],
  ['StopSignal', 'text', '?'],
  ['StopTimeout', 'number', '?'],
  ['Shell', 'words', '?'],
];

function sortedMap(value: JsonValue | undefined, valueOf: (part: JsonValue) => Writable): Writable {
  const parts = objectOf(value);
  if (parts === undefined) return null;
  const keys = Object.keys(parts).sort(byBytes);
  return Object.fromEntries(keys.map((key) => [key, valueOf(parts[key] ?? null)]));
}

function readAs(kind: Kind, fields: Fields, name: string): Writable {
  const value = fields.get(name);
  switch (kind) {
    case 'text':
      return textIn(fields, name);
    case 'flag':
      return value === true;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'set':
      return sortedMap(value, () => ({}));
    case 'labels':
      return sortedMap(value, (part) => (typeof part === 'string' ? part : ''));
    case 'list':
      return Array.isArray(value) ? wordsIn(fields, name) : null;
    case 'words':
      return wordsIn(fields, name);
    case 'object':
      return value ?? null;
  }
}

function isEmpty(value: Writable): boolean {
  if (value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function configOf(value: JsonValue | undefined): Writable {
  const fields = fieldsOf(value);
  const entries = CONFIG_FIELDS.flatMap(([name, kind, isOptional]) => {
    const read = readAs(kind, fields, name.toLowerCase());
    return isOptional === '?' && isEmpty(read) ? [] : [[name, read] as const];
  });
  return Object.fromEntries(entries);
}

/** The members of a v1 image's json, as docker's `V1Image` writes them. */
export function v1Members(json: JsonValue): Map<string, Writable> {
  const fields = fieldsOf(json);
  const members = new Map<string, Writable>();
  const addText = (name: string): void => {
    const text = textIn(fields, name);
    if (text !== '') members.set(name, text);
  };
  for (const name of ['comment', 'container', 'docker_version', 'author', 'architecture', 'os']) addText(name);
  members.set('created', goTime(fields.get('created')));
  members.set('container_config', configOf(fields.get('container_config')));
  const config = fields.get('config');
  if (config !== undefined && config !== null) members.set('config', configOf(config));
  return members;
}
