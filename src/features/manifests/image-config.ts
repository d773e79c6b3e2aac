import { parseJson } from '../../platform/http/body';
import { asRecord, asWords, keysOf, momentOf, textOf, type JsonRecord } from '../../platform/untrusted-json';

/*
 * The config of an image, as OCI and docker write it, and as the json of a v1 image has it. It is untrusted: fields of a wrong
 * shape are left out, and long ones are cut.
 */

/** A step of the build of an image. */
export interface HistoryStep {
  /** in the words of a Dockerfile, if they can be recognized */
  readonly command: string | undefined;
  readonly comment: string | undefined;
  readonly createdAt: Date | undefined;
  /** it changed no files, so it has no layer */
  readonly isEmpty: boolean;
}

/** What a config says about an image; empty or undefined: nothing. */
export interface ImageConfig {
  /** `linux/arm64/v8` */
  readonly platform: string | undefined;
  readonly createdAt: Date | undefined;
  readonly author: string | undefined;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly workingDir: string | undefined;
  readonly user: string | undefined;
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** the first step first */
  readonly history: readonly HistoryStep[];
}

const ITEMS = 100;
const STEPS = 1000;
const CHARACTERS = { name: 256, value: 1024, command: 4096 };

function textsOf(values: readonly string[]): string[] {
  const texts = values.slice(0, ITEMS).map((value) => textOf(value, CHARACTERS.value));
  return texts.filter((text) => text !== undefined);
}

/** Reads the first hundred names with their texts, such as labels or annotations. */
export function labelsOf(value: unknown): (readonly [name: string, value: string])[] {
  return Object.entries(asRecord(value) ?? {})
    .slice(0, ITEMS)
    .flatMap(([name, text]) => {
      const shown = textOf(name, CHARACTERS.name);
      return shown === undefined || typeof text !== 'string'
        ? []
        : [[shown, textOf(text, CHARACTERS.value) ?? ''] as const];
    });
}

const BUILDKIT = ' # buildkit';
const NOTHING_RUN = /^\/bin\/sh -c #\(nop\)\s*/;
const SHELL = /^(?:RUN )?(?:\|\d+ .{0,2000}? )?\/bin\/(?:sh|bash) (?:[\w-]+ ){0,4}?-\w*c /s;

function commandOf(value: unknown): string | undefined {
  const said = textOf(value, CHARACTERS.command);
  if (said === undefined) return undefined;
  const text = said.endsWith(BUILDKIT) ? said.slice(0, -BUILDKIT.length) : said;
  return NOTHING_RUN.test(text) ? text.replace(NOTHING_RUN, '') : text.replace(SHELL, 'RUN ');
}

function stepOf(value: unknown): HistoryStep {
  const step = asRecord(value) ?? {};
  return {
    command: commandOf(step['created_by']),
    comment: textOf(step['comment'], CHARACTERS.value),
    createdAt: momentOf(step['created']),
    isEmpty: step['empty_layer'] === true,
  };
}

function platformIn(config: JsonRecord): string | undefined {
  const parts = ['os', 'architecture', 'variant'].map((name) => textOf(config[name], 32));
  const said = parts.filter((part) => part !== undefined);
  return said.length === 0 ? undefined : said.join('/');
}

/** Reads the config of an image. The json of a v1 image has the same fields, except for the history. */
export function imageConfigOf(config: JsonRecord): ImageConfig {
  const run = asRecord(config['config']) ?? {};
  const { history } = config;
  return {
    platform: platformIn(config),
    createdAt: momentOf(config['created']),
    author: textOf(config['author'], CHARACTERS.name),
    entrypoint: textsOf(asWords(run['Entrypoint'])),
    command: textsOf(asWords(run['Cmd'])),
    env: textsOf(asWords(run['Env'])),
    ports: textsOf(keysOf(run['ExposedPorts'])),
    volumes: textsOf(keysOf(run['Volumes'])),
    workingDir: textOf(run['WorkingDir'], CHARACTERS.value),
    user: textOf(run['User'], CHARACTERS.name),
    labels: labelsOf(run['Labels']),
    history: Array.isArray(history) ? (history as readonly unknown[]).slice(0, STEPS).map(stepOf) : [],
  };
}

/**
 * Reads the bytes of a config.
 *
 * @returns undefined when it is not a JSON object
 */
export function readImageConfig(bytes: Buffer): ImageConfig | undefined {
  const config = asRecord(parseJson(bytes)?.value);
  return config === undefined ? undefined : imageConfigOf(config);
}
