import { BuildFailure } from '../build-failure';

/** This hub, as a build reaches it over `/v2/`. */
export interface Hub {
  /** Without a slash at the end. */
  readonly url: string;
  /** A Bearer token for this build. */
  readonly token: string;
  /** Ends what is in flight. */
  readonly stopping: AbortSignal;
}

interface Request {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | ReadableStream;
}

/** Sends a request to the hub. A redirect, to a bucket, is followed without the token. */
export async function ask(
  hub: Hub,
  pathOrUrl: string,
  { method = 'GET', headers = {}, body }: Request = {},
): Promise<Response> {
  return fetch(new URL(pathOrUrl, hub.url), {
    method,
    headers: { ...headers, Authorization: `Bearer ${hub.token}` },
    signal: hub.stopping,
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  });
}

/**
 * Waits for work with the hub.
 *
 * @throws BuildFailure when the connection fails; the reason of `hub.stopping`; what the work throws
 */
export async function usingHub<Result>({ stopping }: Hub, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    stopping.throwIfAborted();
    const isOfFetch = error instanceof TypeError && error.cause instanceof Error;
    if (!isOfFetch) throw error;
    throw new BuildFailure(`The connection to the hub failed: ${(error.cause as Error).message}.`, { cause: error });
  }
}

/** @throws BuildFailure with what the hub says, unless the answer has the status */
export async function expectStatus(answer: Response, status: number, what: string): Promise<Response> {
  if (answer.status === status) return answer;
  const text = await answer.text().catch(() => '');
  throw new BuildFailure(`${what}: the hub answered ${answer.status}${reasonIn(text)}.`);
}

function reasonIn(body: string): string {
  try {
    const { errors } = JSON.parse(body) as { errors?: { message?: unknown }[] };
    const message = errors?.[0]?.message;
    return typeof message === 'string' ? `, ${message.slice(0, 300).replace(/\.$/, '')}` : '';
  } catch {
    return '';
  }
}
