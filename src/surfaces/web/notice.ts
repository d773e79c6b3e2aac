import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { cookie, readCookie } from '../../platform/http/cookies';

/*
 * The result of a form, for the next page after its redirect. It travels in a cookie of the browser that sent the form,
 * and is text, which is escaped like any other.
 */

/** A sentence about the result of a form. */
export interface Notice {
  readonly text: string;
  readonly kind: 'done' | 'problem';
}

const NAME = 'drydock_notice';
const SECONDS = 60;
const LONGEST = 2000;

const noticeSchema = z.strictObject({ text: z.string().max(LONGEST), kind: z.enum(['done', 'problem']) });

/** The `Set-Cookie` value that shows a notice on the next page. */
export function noticeCookie(notice: Notice, isSecure: boolean): string {
  const value = Buffer.from(JSON.stringify({ ...notice, text: notice.text.slice(0, LONGEST) })).toString('base64url');
  return cookie(NAME, value, { maxAgeSeconds: SECONDS, isSecure });
}

/** The notice that a request carries, and the `Set-Cookie` value that removes it. */
export function readNotice(
  req: IncomingMessage,
  isSecure: boolean,
): { notice: Notice | undefined; forget: string } | undefined {
  const value = readCookie(req, NAME);
  if (value === undefined || value === '') return undefined;
  const forget = cookie(NAME, '', { maxAgeSeconds: 0, isSecure });
  try {
    const parsed = noticeSchema.safeParse(JSON.parse(Buffer.from(value, 'base64url').toString('utf8')));
    return { notice: parsed.data, forget };
  } catch {
    return { notice: undefined, forget };
  }
}
