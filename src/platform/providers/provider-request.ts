import type { z } from 'zod';
import { boundedFetch } from '../openid/bounded-fetch';
import { failureOf, ProviderError } from './provider-error';

/*
 * Requests to a provider that the operator configured. No redirect is followed, because the token must not be sent to
 * its target; time and size of an answer are limited.
 */

const REQUEST_MS = 10_000;
const ANSWER_BYTES = 8 * 1024 * 1024;

const send = boundedFetch(ANSWER_BYTES);

/** A request to a provider. */
export interface ProviderRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly authorization?: string;
  readonly json?: object;
  readonly form?: Readonly<Record<string, string>>;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** undefined: it is not JSON */
  readonly body: unknown;
}

function bodyOf({ json, form }: ProviderRequest): { type: Record<string, string>; body: string | undefined } {
  if (json !== undefined) return { type: { 'Content-Type': 'application/json' }, body: JSON.stringify(json) };
  if (form === undefined) return { type: {}, body: undefined };
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return { type, body: new URLSearchParams(form).toString() };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Sends a request.
 *
 * @param name - of the provider, for errors
 * @returns the answer, whatever its status
 * @throws ProviderError `unreachable`
 */
export async function sendTo(name: string, request: ProviderRequest): Promise<ProviderAnswer> {
  const { type, body } = bodyOf(request);
  const credentials = request.authorization === undefined ? {} : { Authorization: request.authorization };
  const headers = { Accept: 'application/json', 'User-Agent': 'Drydock', ...type, ...credentials };
  try {
    const signal = AbortSignal.timeout(REQUEST_MS);
    const answer = await send(request.url, { method: request.method, headers, body: body ?? null, signal });
    return { status: answer.status, headers: answer.headers, body: parse(await answer.text()) };
  } catch (error) {
    throw new ProviderError('unreachable', `${name} cannot be reached now`, { cause: error });
  }
}

/** Reads a part of an answer. @throws ProviderError `unreachable` when it has another shape */
export function read<S extends z.ZodType>(name: string, shape: S, body: unknown): z.infer<S> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ProviderError('unreachable', `${name} gave an answer that is not understood`, { cause: parsed.error });
}

/** Splits `owner/name` for a path. */
export function inPath(fullName: string): string {
  return fullName.split('/').map(encodeURIComponent).join('/');
}

/** The API of a provider, with the token of a user. */
export class ProviderApi {
  constructor(
    private readonly name: string,
    private readonly root: string,
  ) {}

  /** @throws ProviderError for an answer that is not a success */
  async ask(token: string, method: ProviderRequest['method'], path: string, json?: object): Promise<ProviderAnswer> {
    const request = { method, url: this.root + path, authorization: `Bearer ${token}` };
    const answer = await sendTo(this.name, json === undefined ? request : { ...request, json });
    if (answer.status < 200 || answer.status > 299) throw failureOf(this.name, answer);
    return answer;
  }

  async get<S extends z.ZodType>(token: string, path: string, shape: S): Promise<z.infer<S>> {
    return read(this.name, shape, (await this.ask(token, 'GET', path)).body);
  }

  async post<S extends z.ZodType>(token: string, path: string, json: object, shape: S): Promise<z.infer<S>> {
    return read(this.name, shape, (await this.ask(token, 'POST', path, json)).body);
  }

  /** Deletes a thing; one that is gone is not an error. */
  async remove(token: string, path: string): Promise<void> {
    try {
      await this.ask(token, 'DELETE', path);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.failure !== 'missing') throw error;
    }
  }
}
