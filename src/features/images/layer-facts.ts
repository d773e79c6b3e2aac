import { commandOf } from './layer-command';
import type { JsonRecord } from './layer-json';

/*
 * What an image's json says of its layer. Strangers write it: any value may have any shape, nothing here throws, and
 * what comes out is short.
 */

/** What a person wants to know of a layer; undefined: the json does not say, or says nonsense. */
export interface LayerFacts {
  readonly createdAt: Date | undefined;
  readonly author: string | undefined;
  readonly comment: string | undefined;
  readonly dockerVersion: string | undefined;
  /** in the words of a Dockerfile: `RUN apt-get update` */
  readonly command: string | undefined;
}

/** Of a layer whose json tells nothing. */
export const NO_FACTS: LayerFacts = {
  createdAt: undefined,
  author: undefined,
  comment: undefined,
  dockerVersion: undefined,
  command: undefined,
};

const CHARACTERS = { author: 256, comment: 1024, dockerVersion: 64, command: 4096 };

/** What moves a terminal's cursor or is no text at all; lines may end. */
const CONTROL = /(?![\t\n])[\p{Cc}\p{Cs}]/gu;

const MOMENT = /^(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d/;

function textOf(value: unknown, characters: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  // Cut first: the rest costs nothing then. A few more, for what goes.
  const text = value
    .slice(0, characters * 2)
    .replaceAll(CONTROL, '')
    .trim();
  if (text === '') return undefined;
  return text.length > characters ? `${text.slice(0, characters - 1)}…` : text;
}

/** Go writes the year 1 for no moment at all; and there was no image before there were computers. */
function momentOf(value: unknown): Date | undefined {
  const year = typeof value === 'string' ? MOMENT.exec(value)?.[1] : undefined;
  if (typeof value !== 'string' || year === undefined || Number(year) < 1970) return undefined;
  const moment = new Date(value.slice(0, 64));
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/**
 * Reads what is known of a layer.
 *
 * @param json - of its image; undefined: it cannot be read
 * @param parent - of the image below; undefined: there is none, or it cannot be read
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
