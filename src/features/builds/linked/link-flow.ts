import { z } from 'zod';
import type { Needs } from '../../../context';
import { inTransaction, type Db } from '../../../platform/db/db';
import { AppError } from '../../../platform/errors';
import { PROVIDER_KINDS, type GitProvider, type ProviderAccess } from '../../../platform/providers/git-provider';
import { newSecret } from '../../../platform/secrets';
import type { Actor } from '../../access/actor';
import { authorizeAccount, type AuthorizedAccount } from '../../accounts/own-account';
import { currentTokenKey } from '../../accounts/token-key';
import { recordEvent } from '../../audit/audit';
import { openSealed, sealFor } from '../../openid/sealed';
import * as store from './accounts.store';
import { accountFrom, providerOf, type LinkedAccount } from './linked-accounts';
import { retryFailed } from './remotes-queue';
import { sealTokens } from './sealed-tokens';

/*
 * A browser goes to the provider and comes back with a code. Its secrets travel in a sealed cookie of this browser, which
 * names the account that began it: an answer for another browser, account or attempt is refused.
 */

/** How long a user may take at the provider. */
export const LINK_SECONDS = 15 * 60;

const PURPOSE = 'linked account flow';

const flowSchema = z.object({
  state: z.string(),
  verifier: z.string(),
  provider: z.enum(PROVIDER_KINDS),
  access: z.enum(['full', 'limited']),
  userId: z.number(),
});

/** A link that has begun. */
export type LinkFlow = z.output<typeof flowSchema>;

/** The path to which a provider sends browsers back. */
export function callbackPath(provider: string): string {
  return `/account/linked/${provider}/callback/`;
}

type Asking = Needs<'gitProviders' | 'tokenKey'>;

/**
 * Begins to link an account.
 *
 * @param asked.origin - under which the browser reaches this server, and to which it comes back
 * @returns where the browser goes, and what it keeps in a cookie until it comes back
 * @throws AppError `not_found`
 */
export function beginLink(
  ctx: Asking,
  asked: {
    readonly provider: string;
    readonly access: ProviderAccess;
    readonly userId: number;
    readonly origin: string;
  },
): { url: string; sealed: string } {
  const { access, userId, origin } = asked;
  const provider = providerOf(ctx, asked.provider);
  const flow: LinkFlow = { state: newSecret(), verifier: newSecret(), provider: provider.kind, access, userId };
  const redirectUri = origin + callbackPath(provider.kind);
  const url = provider.authorizationUrl({ state: flow.state, verifier: flow.verifier, redirectUri }, access);
  return { url, sealed: sealFor(ctx.tokenKey, PURPOSE, flow, LINK_SECONDS) };
}

/** The link that this browser began for this account, if the answer of the provider is to it. */
export function readLink(
  ctx: Needs<'tokenKey'>,
  sealed: string | undefined,
  answer: { readonly state: string | null; readonly provider: string; readonly userId: number },
): LinkFlow | undefined {
  const flow = flowSchema.safeParse(openSealed(ctx.tokenKey, PURPOSE, sealed)).data;
  const isTheirs = flow?.state === answer.state && flow.provider === answer.provider && flow.userId === answer.userId;
  return isTheirs ? flow : undefined;
}

async function keep(
  tx: Db,
  owner: AuthorizedAccount,
  provider: GitProvider,
  given: Awaited<ReturnType<typeof ask>>,
): Promise<number> {
  const { user, tokens, access } = given;
  const known = await store.lockOf(tx, owner.id, provider.kind, provider.baseUrl);
  if (known !== undefined && known.remote_id !== user.id) {
    const message = `Your account is linked to ${known.login} of ${provider.name}: unlink it first`;
    throw new AppError('conflict', message);
  }
  const id = known?.id ?? (await store.nextId(tx));
  const sealed = sealTokens(await currentTokenKey(tx), id, tokens);
  const values = { sealed, expiresInSeconds: tokens.expiresInSeconds };
  const { kind, baseUrl } = provider;
  if (known === undefined) {
    const row = { id, userId: owner.id, provider: kind, baseUrl, remoteId: user.id, login: user.login, access };
    await store.insert(tx, { ...row, ...values });
  } else {
    await store.renew(tx, id, { login: user.login, access }, values);
    await retryFailed(tx, id);
  }
  await recordEvent(tx, owner.doer, {
    action: 'git_account.linked',
    subject: owner.username,
    details: { provider: kind, login: user.login, access },
  });
  return id;
}

async function ask(provider: GitProvider, flow: LinkFlow, back: { readonly code: string; readonly origin: string }) {
  const redirectUri = back.origin + callbackPath(provider.kind);
  const { state, verifier } = flow;
  const tokens = await provider.exchangeCode({ state, verifier, redirectUri }, back.code);
  const user = await provider.user(tokens.accessToken);
  const access: ProviderAccess = flow.access === 'full' && provider.hasFullAccess(tokens) ? 'full' : 'limited';
  return { tokens, user, access };
}

/**
 * Links the account of the provider whose user has come back.
 *
 * @param back - the query of the answer, and the origin under which it reached this server
 * @throws AppError `invalid` when the user or the provider refused; `conflict` when another user of the provider is
 *   linked; `ProviderError`; as `authorizeAccount`
 */
export async function finishLink(
  ctx: Asking & Needs<'db'>,
  { actor, username }: { readonly actor: Actor; readonly username: string },
  flow: LinkFlow,
  back: { readonly query: URLSearchParams; readonly origin: string },
): Promise<LinkedAccount> {
  const owner = await authorizeAccount(ctx, actor, username, 'list_tokens');
  if (owner.id !== flow.userId) throw new AppError('forbidden', 'Only the owner of an account can link it');
  const provider = providerOf(ctx, flow.provider);
  const code = back.query.get('code') ?? '';
  if (code === '' || code.length > 4096)
    throw new AppError('invalid', `${provider.name} did not allow the link, or you cancelled it`);
  const given = await ask(provider, flow, { code, origin: back.origin });
  const id = await inTransaction(ctx.db, (tx) => keep(tx, owner, provider, given));
  const row = await store.find(ctx.db, id);
  if (row === undefined) throw new AppError('conflict', 'The account was unlinked in the meantime');
  return accountFrom(ctx, row);
}
