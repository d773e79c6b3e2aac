import type { IncomingHttpHeaders } from 'node:http';
import type { Needs } from '../../../context';
import { inTransaction } from '../../../platform/db/db';
import { AppError } from '../../../platform/errors';
import type { FailureLimit } from '../../../platform/limits/failure-limiter';
import { parseJson } from '../../../platform/http/body';
import { isSecret } from '../../../platform/secrets';
import { ensureTokenKey } from '../../accounts/token-key';
import { queueByRule, type WantedRef } from '../causes';
import { unsealHookSecret } from '../credentials';
import { matchRef } from '../rule-pattern';
import { list as listRules } from '../rules.store';
import { readEvent } from './events';
import * as store from './hooks.store';
import { isGenuine, readHead } from './signature';

/* A hook of a git provider: it says which refs have changed, and queues the builds of the rules that are about them. */

/** How many hooks one source may get in a minute. */
export const HOOK_LIMIT: FailureLimit = { name: 'build_hook', failures: 120, windowSeconds: 60, blockSeconds: 60 };

/** The largest body, in bytes: a push of thousands of commits. */
export const HOOK_BYTES = 5 * 1024 * 1024;

const LONGEST_DELIVERY = 200;

const UNKNOWN = 'There is no such hook';

/** A hook as it arrived. */
export interface ArrivedHook {
  /** from the URL */
  readonly hookId: string;
  readonly headers: IncomingHttpHeaders;
  /** reads the raw body; it is called only for a hook that exists */
  readonly body: () => Promise<Buffer>;
}

/** What became of a hook. */
export interface TakenHook {
  readonly status: 'ok' | 'ignored' | 'repeated' | 'accepted';
  /** how many builds it queued, or updated */
  readonly builds: number;
}

/** GitHub sends JSON in a form unless its owner chooses otherwise; curl says that all it sends is a form. */
function jsonIn(headers: IncomingHttpHeaders, body: Buffer): unknown {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const payload = isForm ? new URLSearchParams(body.toString()).get('payload') : null;
  return parseJson(payload === null ? body : Buffer.from(payload))?.value;
}

async function queueRefs(
  ctx: Needs<'db'>,
  source: store.HookedRow,
  refs: readonly WantedRef[],
  delivery: string | undefined,
): Promise<TakenHook> {
  const rules = await listRules(ctx.db, source.id);
  const wanted: { readonly ref: WantedRef; readonly rule: (typeof rules)[number] }[] = [];
  for (const ref of refs) {
    const ofType = rules.filter(({ ref_type: type }) => type === ref.type);
    const matches = await matchRef(
      ctx.db,
      ref.name,
      ofType.map(({ ref_pattern: pattern }) => pattern),
    );
    wanted.push(...ofType.filter((_, index) => matches[index] === true).map((rule) => ({ ref, rule })));
  }
  return inTransaction(ctx.db, async (tx) => {
    if (delivery !== undefined && !(await store.rememberDelivery(tx, source.id, delivery.slice(0, LONGEST_DELIVERY))))
      return { status: 'repeated', builds: 0 };
    const of = { id: source.id, repositoryId: source.repository_id };
    for (const { ref, rule } of wanted) await queueByRule(tx, of, rule, { ref, cause: { kind: 'hook' } });
    return { status: 'accepted', builds: wanted.length };
  });
}

/**
 * Takes a hook. What it causes is queued; nothing is fetched or built before the answer.
 *
 * @throws AppError `not_found` for an unknown URL, `unauthenticated` when the signature is missing or wrong, `busy` for
 *   too many hooks in a minute, `invalid` when the body does not have the shape of its provider; what `body` throws
 */
export async function takeHook(
  ctx: Needs<'db' | 'hookLimiter'>,
  { hookId, headers, body }: ArrivedHook,
): Promise<TakenHook> {
  const source = isSecret(hookId) ? await store.findByHookId(ctx.db, hookId) : undefined;
  if (source === undefined) throw new AppError('not_found', UNKNOWN);
  const { waitSeconds } = await ctx.hookLimiter.count(String(source.id));
  if (waitSeconds > 0)
    throw new AppError('busy', 'Too many hooks for this repository in a minute', { retryAfterSeconds: waitSeconds });
  const bytes = await body();
  const head = readHead(headers);
  const secret = unsealHookSecret(await ensureTokenKey(ctx), source.id, source.sealed_hook_secret);
  if (!isGenuine(headers, head.shape, bytes, secret))
    throw new AppError('unauthenticated', 'The signature of this hook is missing or wrong: compare its secret');
  const event = readEvent(head, jsonIn(headers, bytes));
  if (event === undefined) throw new AppError('invalid', 'The body of this hook is not a push');
  if (event.kind === 'ping') return { status: 'ok', builds: 0 };
  if (event.kind === 'ignored') return { status: 'ignored', builds: 0 };
  return queueRefs(ctx, source, event.refs, head.delivery);
}
