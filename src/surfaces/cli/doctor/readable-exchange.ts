import type { Generation } from './generations';
import type { Answer } from '../../../client/wire/answer';

/*
 * The texts that the engine's user reads when a request fails (measured, see docs/PROTOCOL.md). Engines up to 1.5 print
 * a body as it is, from 1.7 on as a quoted string.
 */

const LOGIN_PROMPT = 'a prompt for user name and password (without a terminal: "Username: EOF")';

export interface Shown {
  openPush(repository: string, answer: Answer): string;
  putJson(answer: Answer, overHttp: boolean): string;
  putLayer(answer: Answer): string;
  putTag(repository: string, tag: string, answer: Answer): string;
  closePush(repository: string, answer: Answer): string;
  openPull(repository: string, tag: string | undefined, answer: Answer): string;
  /** an error after the opening request and before the first image, in the engine's words */
  beforePull(repository: string, detail: string): string;
  /** an error about an image, in the engine's words */
  pull(repository: string, tag: string, detail: string): string;
}

type VersionText = Readonly<Record<string, string>>;

/** The texts of one generation. */
export function shownBy(generation: Generation): Shown {
  const body = (answer: Answer): string => bodyText(generation, answer);
  const pick = (texts: VersionText, otherwise: string): string => texts[generation.name] ?? otherwise;
  return {
    openPush: (repository, answer) =>
      answer.status === 401
        ? pick(
            { '1.13': 'unauthorized: authentication required', '17.05': 'unauthorized: authentication required' },
            `Please login prior to push: ${LOGIN_PROMPT}`,
          )
        : `Error: Status ${answer.status} trying to push repository ${repository}: ${body(answer)}`,
    putJson: (answer, overHttp) => {
      const plain = `HTTP code ${answer.status} while uploading metadata: ${body(answer)}`;
      if (answer.status !== 401) return plain;
      const noAuth = overHttp ? 'HTTP code 401, Docker will not send auth headers over HTTP.' : LOGIN_PROMPT;
      const modern = 'Authentication is required.';
      return pick({ '0.9': plain, '1.0': noAuth, '1.5': noAuth, '1.13': modern, '17.05': modern }, LOGIN_PROMPT);
    },
    putLayer: (answer) => `Received HTTP code ${answer.status} while uploading layer: ${body(answer)}`,
    putTag: (repository, tag, answer) =>
      `Internal server error: ${answer.status} trying to push tag ${tag} on ${repository}`,
    closePush: (repository, answer) =>
      `Error: Status ${answer.status} trying to push checksums ${repository}: ${body(answer)}`,
    openPull: (repository, tag, answer) => openPullText(generation, repository, tag, answer),
    beforePull: (repository, detail) => (generation.name === '0.6' ? historyText(repository) : detail),
    pull: (repository, tag, detail) => pullText(generation, repository, tag, detail),
  };
}

/** A body as this generation prints it. */
export function bodyText(generation: Generation, answer: Answer): string {
  const text = answer.body.toString('utf8', 0, 200);
  const quotes = ['1.7', '1.13', '17.05'].includes(generation.name);
  return quotes ? JSON.stringify(text) : text;
}

function openPullText(generation: Generation, repository: string, tag: string | undefined, answer: Answer): string {
  const { name } = generation;
  if (answer.status === 401) {
    const modern = 'unauthorized: authentication required';
    const texts: VersionText = { '0.6': LOGIN_PROMPT, '1.7': LOGIN_PROMPT, '1.13': modern, '17.05': modern };
    return texts[name] ?? 'Authentication is required.';
  }
  if (name === '0.6') return historyText(repository);
  if (answer.status === 404) {
    const old = name === '0.9' || name === '1.0';
    return old ? 'HTTP code: 404' : `Error: image ${tag === undefined ? repository : `${repository}:${tag}`} not found`;
  }
  if (['0.9', '1.0', '1.5'].includes(name)) return `HTTP code: ${answer.status}`;
  return `Error: Status ${answer.status} trying to pull repository ${repository}: ${bodyText(generation, answer)}`;
}

function pullText(generation: Generation, repository: string, tag: string, detail: string): string {
  if (generation.name === '0.6') return historyText(repository);
  const old = generation.name === '0.9' || generation.name === '1.0';
  if (old) return 'Could not find repository on any of the indexed registries.';
  return `Error pulling image (${tag}) from ${repository}, ${detail}`;
}

/** The text of 0.6, which takes the name for an image id if a pull fails, and prints only the error that follows. */
function historyText(repository: string): string {
  return `Server error: 404 trying to fetch remote history for ${repository}`;
}
