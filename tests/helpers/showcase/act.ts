import { basic } from '../test-server';

/** Sends a request to the API as a user that `addUser` created; resolves to the body. */
export type Act = (
  as: string,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
) => Promise<Record<string, unknown>>;

/**
 * The API of a server, of which nothing is expected but that it does what it is asked.
 *
 * @throws Error for an answer from 400
 */
export function actingOn(server: { readonly url: string }): Act {
  return async (as, method, path, body) => {
    const answer = await fetch(`${server.url}/api/v1.1/${path}`, {
      method,
      headers: {
        Authorization: basic(as),
        'If-Match': '*',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  };
}
