import { z } from 'zod';
import type { Needs, OpenIdSettings } from '../../context';
import { AppError } from '../../platform/errors';
import type { OpenIdProvider } from '../../platform/openid/openid-provider';
import { newSecret } from '../../platform/secrets';
import { readClaims, type ProviderUser } from './claims';
import { withKnownGroups } from './groups';
import { openSealed, sealFor } from './sealed';

/*
 * A browser goes to the provider and comes back with a code. Its secrets travel in a sealed cookie of this browser: an
 * answer that was meant for another browser, or for an earlier sign-in, has another `state`.
 */

/** How long a user may take at the provider. */
export const FLOW_SECONDS = 15 * 60;

/** The path to which the provider sends browsers back. */
export const CALLBACK_PATH = '/account/login/oidc/callback';

const PURPOSE = 'openid flow';

/** A longer path is not kept, because a browser keeps only 4096 bytes of a cookie. */
const LONGEST_NEXT = 1000;

const flowSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /**
   * `sign_in`; `link`: to the account that is signed in; `confirm`: to show that the session is still in the hands of
   * its owner
   */
  purpose: z.enum(['sign_in', 'link', 'confirm']),
  /** the page to which the visitor goes afterwards */
  next: z.string(),
});

/** A sign-in that has begun. */
export type Flow = z.output<typeof flowSchema>;
export type Purpose = Flow['purpose'];

type Asking = Needs<'openId' | 'settings' | 'tokenKey'>;

/** @throws AppError `not_found` when no provider is configured */
export function providerOf({ openId, settings }: Needs<'openId' | 'settings'>): {
  provider: OpenIdProvider;
  settings: OpenIdSettings;
} {
  if (openId === undefined || settings.openId === undefined) {
    throw new AppError('not_found', 'This server has no sign-in with a provider');
  }
  return { provider: openId, settings: settings.openId };
}

/**
 * Begins a sign-in.
 *
 * @param asked.next - a path of this site
 * @param asked.origin - under which the browser reaches this server, and to which it comes back
 * @returns where the browser goes, and what it keeps in a cookie until it comes back
 * @throws AppError `not_found`, `unavailable`
 */
export async function beginFlow(
  ctx: Asking,
  { purpose, next, origin }: { readonly purpose: Purpose; readonly next: string; readonly origin: string },
): Promise<{ url: string; sealed: string }> {
  const { provider } = providerOf(ctx);
  const flow: Flow = {
    state: newSecret(),
    nonce: newSecret(),
    verifier: newSecret(),
    purpose,
    next: next.length > LONGEST_NEXT ? '/dashboard/' : next,
  };
  const redirectUri = origin + CALLBACK_PATH;
  const url = await provider.authorizationUrl(flow, { redirectUri, isRepeated: purpose === 'confirm' });
  return { url, sealed: sealFor(ctx.tokenKey, PURPOSE, flow, FLOW_SECONDS) };
}

/**
 * The sign-in that this browser began, if the answer of the provider is to it.
 *
 * @param sealed - the cookie
 * @param state - as the answer has it
 */
export function readFlow(ctx: Needs<'tokenKey'>, sealed: string | undefined, state: string | null): Flow | undefined {
  const flow = flowSchema.safeParse(openSealed(ctx.tokenKey, PURPOSE, sealed)).data;
  return flow?.state === state ? flow : undefined;
}

/**
 * Who has come back from the provider, with those of their groups that mean something here.
 *
 * @param answer - its query, and the origin under which it reached this server
 * @throws AppError `invalid` when the provider refused, or its answer is not valid; `unavailable`, `not_found`
 */
export async function finishFlow(
  ctx: Asking & Needs<'db'>,
  flow: Flow,
  { query, origin }: { readonly query: URLSearchParams; readonly origin: string },
): Promise<ProviderUser> {
  const { provider, settings } = providerOf(ctx);
  const callback = new URL(`${origin}${CALLBACK_PATH}?${query.toString()}`);
  return withKnownGroups(ctx, readClaims(await provider.claims(flow, callback), settings));
}
