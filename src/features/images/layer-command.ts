import { asRecord, asWords, keysOf, type JsonRecord } from '../../platform/untrusted-json';

/*
 * The command that created a layer, as an instruction of a Dockerfile. The builder ran each step as the command of a
 * container, and recorded that in `container_config.Cmd`:
 *
 *   /bin/sh -c #(nop) ADD file:a1b2 in /     ADD file:a1b2 in /       steps that run nothing
 *   /bin/sh -c apt-get update                RUN apt-get update
 *   |1 version=2 /bin/sh -c make             RUN make                 with build arguments
 *   make install                             RUN ["make","install"]   no shell
 *
 * If there is no such record, as after `docker commit --change`, the command is derived from the difference to the
 * parent image.
 */

const NOTHING_RUN = /^#\(nop\)\s*/;
const SHELLS: readonly (readonly string[])[] = [
  ['/bin/sh', '-c'],
  ['/bin/bash', '-c'],
  ['cmd', '/S', '/C'],
  ['powershell', '-Command'],
];

/** The words without the build arguments and their count, which come first. */
function withoutArguments(words: readonly string[]): readonly string[] {
  const count = /^\|(\d{1,4})$/.exec(words[0] ?? '')?.[1];
  return count === undefined ? words : words.slice(1 + Number(count));
}

function stepOf(command: readonly string[]): string | undefined {
  const words = withoutArguments(command);
  if (words.length === 0) return undefined;
  const shell = SHELLS.find((parts) => words.length > parts.length && parts.every((part, at) => words[at] === part));
  const script =
    shell === undefined ? (words.length === 1 ? words[0] : undefined) : words.slice(shell.length).join(' ');
  if (script !== undefined && NOTHING_RUN.test(script)) return script.replace(NOTHING_RUN, '');
  return shell === undefined ? `RUN ${JSON.stringify(words)}` : `RUN ${script}`;
}

/** The items that the parent image does not have. */
function added(now: readonly string[], before: readonly string[]): readonly string[] {
  const known = new Set(before);
  return now.filter((item) => !known.has(item));
}

function changedWords(name: string, now: unknown, before: unknown): string[] {
  const words = asWords(now);
  const isSame = JSON.stringify(words) === JSON.stringify(asWords(before));
  return words.length === 0 || isSame ? [] : [`${name} ${JSON.stringify(words)}`];
}

function changedText(name: string, now: unknown, before: unknown): string[] {
  return typeof now !== 'string' || now === '' || now === before ? [] : [`${name} ${now}`];
}

function changesOf(config: JsonRecord, before: JsonRecord): string[] {
  return [
    ...added(asWords(config['Env']), asWords(before['Env'])).map((variable) => `ENV ${variable}`),
    ...added(keysOf(config['ExposedPorts']), keysOf(before['ExposedPorts'])).map((port) => `EXPOSE ${port}`),
    ...added(keysOf(config['Volumes']), keysOf(before['Volumes'])).map((volume) => `VOLUME ${volume}`),
    ...changedText('WORKDIR', config['WorkingDir'], before['WorkingDir']),
    ...changedText('USER', config['User'], before['User']),
    ...changedWords('ENTRYPOINT', config['Entrypoint'], before['Entrypoint']),
    ...changedWords('CMD', config['Cmd'], before['Cmd']),
  ];
}

/**
 * The command that created a layer.
 *
 * @param json - the json of its image
 * @param parent - the json of the parent image; undefined: a base
 * @returns one instruction, or a line for each setting that changed; undefined when nothing is known. It may be long.
 */
export function commandOf(json: JsonRecord, parent: JsonRecord | undefined): string | undefined {
  const step = stepOf(asWords(asRecord(json['container_config'])?.['Cmd']));
  if (step !== undefined) return step;
  const config = asRecord(json['config']);
  if (config === undefined || parent === undefined) return undefined;
  const changes = changesOf(config, asRecord(parent['config']) ?? {});
  return changes.length === 0 ? undefined : changes.join('\n');
}
