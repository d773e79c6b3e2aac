import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/*
 * Who sent a hook. All providers sign the raw body with the secret of the hook, except for GitLab, which sends the secret
 * itself. Gitea also sends the headers of GitHub, so that its own come first.
 */

/** The shape of a hook; a hook without headers of a provider has the shape of GitHub's. */
export type HookShape = 'github' | 'gitea' | 'bitbucket' | 'bitbucket-server' | 'gitlab';

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** Which provider a hook comes from, what it calls the event, and the id of the delivery if it has one. */
export interface HookHead {
  readonly shape: HookShape;
  /** in the words of the provider; undefined: no header says so */
  readonly event: string | undefined;
  readonly delivery: string | undefined;
}

/** Reads the headers of a hook. */
export function readHead(headers: IncomingHttpHeaders): HookHead {
  const of = (name: string): string | undefined => header(headers, name);
  const gitea = of('x-gitea-event') ?? of('x-gogs-event');
  if (gitea !== undefined)
    return { shape: 'gitea', event: gitea, delivery: of('x-gitea-delivery') ?? of('x-gogs-delivery') };
  const gitlab = of('x-gitlab-event');
  if (gitlab !== undefined || of('x-gitlab-token') !== undefined)
    return { shape: 'gitlab', event: gitlab, delivery: of('x-gitlab-event-uuid') };
  const bitbucket = of('x-event-key');
  if (bitbucket !== undefined) {
    const isServer = of('x-request-uuid') === undefined && bitbucket !== 'repo:push';
    const delivery = of('x-request-uuid') ?? of('x-request-id');
    return { shape: isServer ? 'bitbucket-server' : 'bitbucket', event: bitbucket, delivery };
  }
  return { shape: 'github', event: of('x-github-event'), delivery: of('x-github-delivery') };
}

/** Compares texts in a time that does not depend on where they differ. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** The signature as the sender wrote it, and with which hash. */
function signatureIn(headers: IncomingHttpHeaders, shape: HookShape): { hash: string; hex: string } | undefined {
  const bare =
    shape === 'gitea' ? (header(headers, 'x-gitea-signature') ?? header(headers, 'x-gogs-signature')) : undefined;
  if (bare !== undefined) return { hash: 'sha256', hex: bare };
  const text = header(headers, 'x-hub-signature-256') ?? header(headers, 'x-hub-signature');
  const [, hash = '', hex = ''] = /^(sha1|sha256)=([0-9a-f]+)$/i.exec(text ?? '') ?? [];
  return hash === '' ? undefined : { hash: hash.toLowerCase(), hex };
}

/** Whether a hook was sent by someone who knows its secret. @param body - the raw bytes */
export function isGenuine(headers: IncomingHttpHeaders, shape: HookShape, body: Buffer, secret: string): boolean {
  if (shape === 'gitlab') {
    const token = header(headers, 'x-gitlab-token');
    return token !== undefined && isSame(token, secret);
  }
  const signature = signatureIn(headers, shape);
  if (signature === undefined) return false;
  return isSame(signature.hex.toLowerCase(), createHmac(signature.hash, secret).update(body).digest('hex'));
}
