import { commandOf } from './layer-command';
import type { JsonRecord } from './layer-json';

/*
 * What an image's json says about its layer. The json is untrusted: any value may have any shape. The functions here
 * never throw, and their results are short.
 */

/**
 * The facts about a layer that users want to see; undefined: the json does not have it, or the value makes no sense.
 */
export interface LayerFacts {
  readonly createdAt: Date | undefined;
  readonly author: string | undefined;
  readonly comment: string | undefined;
  readonly dockerVersion: string | undefined;
  /** in the words of a Dockerfile: `RUN apt-get update` */
  readonly command: string | undefined;
}

/** The facts of a layer whose json has none. */
export const NO_FACTS: LayerFacts = {
  createdAt: undefined,
  author: undefined,
  comment: undefined,
  dockerVersion: undefined,
  command: undefined,
};

const CHARACTERS = { author: 256, comment: 1024, dockerVersion: 64, command: 4096 };

/** Characters that move a terminal's cursor or are not text; tabs and line ends are allowed. */
const CONTROL = /(?![\t\n])[\p{Cc}\p{Cs}]/gu;

const MOMENT = /^(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d/;

function textOf(value: unknown, characters: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  // Cut first, so that the rest costs nothing; twice the length, because characters are removed.
  const text = value
    .slice(0, characters * 2)
    .replaceAll(CONTROL, '')
    .trim();
  if (text === '') return undefined;
  return text.length > characters ? `${text.slice(0, characters - 1)}…` : text;
}

/** Go writes the year 1 if there is no time. Years before 1970 make no sense for an image. */
function momentOf(value: unknown): Date | undefined {
  const year = typeof value === 'string' ? MOMENT.exec(value)?.[1] : undefined;
  if (typeof value !== 'string' || year === undefined || Number(year) < 1970) return undefined;
  const moment = new Date(value.slice(0, 64));
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/**
 * Reads the facts about a layer.
 *
 * @param json - the json of its image; undefined: it cannot be read
 * @param parent - the json of the parent image; undefined: there is none, or it cannot be read
 */
export function readLayerFacts(json: JsonRecord | undefined, parent: JsonRecord | undefined): LayerFacts {
  if (json === undefined) return NO_FACTS;
  return {
    createdAt: momentOf(json['created']),
    author: textOf(json['author'], CHARACTERS.author),
    comment: textOf(json['comment'], CHARACTERS.comment),
    dockerVersion: textOf(json['docker_version'], CHARACTERS.dockerVersion),
    command: textOf(commandOf(json, parent), CHARACTERS.command),
  };
}
