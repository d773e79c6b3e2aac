import type { Header, Trace } from './parse-trace';

/** Whose session it becomes. */
export interface Retelling {
  /** the Authorization header of the account */
  readonly authorization: string;
  /** instead of the recorded `alice/multi` */
  readonly repository: string;
}

/** A recorded session as another account's, with another repository; the engine would have sent the same. */
export function retold(trace: Trace, { authorization, repository }: Retelling): Trace {
  const header = ([name, value]: Header): Header =>
    name === 'Authorization' && value.startsWith('Basic ') ? [name, authorization] : [name, value];
  const steps = trace.steps.map((step) => {
    const { request } = step;
    const target = request.target.replace(/^\/v1\/repositories\/alice\/\w+\//, `/v1/repositories/${repository}/`);
    return { ...step, request: { ...request, target, headers: request.headers.map(header) } };
  });
  return { ...trace, steps };
}
