import type { PassingAnswer, PassingRequest } from './meddling-proxy';

/* Pieces of faults. */

export type Condition = (request: PassingRequest) => boolean;

/** Whether a request has this method, or one of several in the form of a regular expression, and a path like this. */
export function asks(method: string, path: RegExp): Condition {
  return (request) => new RegExp(`^${method}$`).test(request.method) && path.test(request.path);
}

/** The answer without a header. */
export function without(answer: PassingAnswer, name: string): PassingAnswer {
  return { ...answer, headers: answer.headers.filter(([key]) => key.toLowerCase() !== name.toLowerCase()) };
}
