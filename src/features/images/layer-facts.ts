import { commandOf } from './layer-command';
import { momentOf, textOf, type JsonRecord } from '../../platform/untrusted-json';

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
