import { setTimeout as sleep } from 'node:timers/promises';
import type { Needs } from '../../../context';
import { inTransaction } from '../../../platform/db/db';
import { AppError } from '../../../platform/errors';
import type { GitProvider } from '../../../platform/providers/git-provider';
import { ProviderError } from '../../../platform/providers/provider-error';
import { PROVIDER_NAMES } from '../../../platform/providers/providers';
import { currentTokenKey, ensureTokenKey } from '../../accounts/token-key';
import * as store from './accounts.store';
import { sealTokens, unsealTokens } from './sealed-tokens';

/*
 * Requests to a provider with the tokens of a linked account. A refresh ends the old tokens at some providers, so only one
 * process does it at a time: it claims the account for some seconds, and the others wait for its result.
 */

/** Longer than the time limit of a request to the provider. */
const CLAIM_SECONDS = 20;
const LOOK_MS = 100;
const LOOKS = 150;

/** A call to a provider. */
export interface ProviderCall {
  readonly provider: GitProvider;
  readonly token: string;
  readonly account: store.AccountRow;
}

type Calling = Needs<'db' | 'gitProviders'>;

function configuredProvider({ gitProviders }: Needs<'gitProviders'>, row: store.AccountRow): GitProvider {
  const provider = gitProviders.get(row.provider);
  if (provider?.baseUrl === row.base_url) return provider;
  throw new AppError('closed', `${PROVIDER_NAMES[row.provider]} at ${row.base_url} is no longer configured here`);
}

async function reread(ctx: Needs<'db'>, id: number): Promise<store.AccountRow> {
  const row = await store.find(ctx.db, id);
  if (row === undefined) throw new AppError('not_found', 'The linked account is gone');
  return row;
}

/** Refreshes the tokens, or waits until another process has done so. @returns the account with new tokens */
async function refreshed(ctx: Calling, row: store.AccountRow, provider: GitProvider): Promise<store.AccountRow> {
  const { id, token_version: version } = row;
  for (let looks = 0; looks < LOOKS; looks += 1) {
    if (await store.claimRefresh(ctx.db, id, version, CLAIM_SECONDS)) {
      await refresh(ctx, row, provider);
      return reread(ctx, id);
    }
    const now = await reread(ctx, id);
    if (now.token_version !== version || now.problem !== null) return now;
    await sleep(LOOK_MS);
  }
  throw new ProviderError('unreachable', `${provider.name} does not renew the access now`);
}

async function refresh(ctx: Calling, row: store.AccountRow, provider: GitProvider): Promise<void> {
  const { id, token_version: version } = row;
  try {
    const { refreshToken } = unsealTokens(await ensureTokenKey(ctx), id, row.sealed_tokens);
    if (refreshToken === undefined) throw revoked(provider);
    const tokens = await provider.refresh(refreshToken);
    // Some providers keep the refresh token, and do not send it again.
    const kept = { accessToken: tokens.accessToken, refreshToken: tokens.refreshToken ?? refreshToken };
    await inTransaction(ctx.db, async (tx) => {
      const sealed = sealTokens(await currentTokenKey(tx), id, kept);
      await store.saveRefreshed(tx, id, version, { sealed, expiresInSeconds: tokens.expiresInSeconds });
    });
  } catch (error) {
    await store.endRefresh(ctx.db, id, version, isRevoked(error) ? error.message : undefined);
    throw error;
  }
}

function isRevoked(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.failure === 'revoked';
}

async function attempt<T>(
  ctx: Calling,
  provider: GitProvider,
  account: store.AccountRow,
  work: (call: ProviderCall) => Promise<T>,
): Promise<T> {
  const { accessToken: token } = unsealTokens(await ensureTokenKey(ctx), account.id, account.sealed_tokens);
  return work({ provider, token, account });
}

function revoked({ name }: GitProvider): ProviderError {
  return new ProviderError('revoked', `${name} no longer accepts the access that was given: link the account again`);
}

/**
 * Calls a provider for a linked account, with tokens that were refreshed if necessary.
 *
 * @param options.isRemoval - it only removes what was added: then the user need not be active
 * @throws ProviderError; AppError `closed` when the provider is no longer configured or the user is not active,
 *   `not_found` when the account is gone; what `work` throws
 */
export async function callProvider<T>(
  ctx: Calling,
  accountId: number,
  work: (call: ProviderCall) => Promise<T>,
  { isRemoval = false }: { readonly isRemoval?: boolean } = {},
): Promise<T> {
  const known = await reread(ctx, accountId);
  if (known.is_asleep && !isRemoval) throw new AppError('closed', 'The user of the linked account is not active');
  const provider = configuredProvider(ctx, known);
  const account = known.is_expired && known.problem === null ? await refreshed(ctx, known, provider) : known;
  if (account.problem !== null) throw new ProviderError('revoked', account.problem);
  try {
    return await attempt(ctx, provider, account, work);
  } catch (error) {
    if (!isRevoked(error)) throw error;
  }
  // The provider may have ended the token early.
  const again = await refreshed(ctx, account, provider);
  try {
    return await attempt(ctx, provider, again, work);
  } catch (error) {
    if (isRevoked(error)) await store.endRefresh(ctx.db, again.id, again.token_version, error.message);
    throw error;
  }
}

/** Ends the tokens of an account at its provider, if it can be reached and has a way to do so. */
export async function revokeTokens(ctx: Calling & Needs<'log'>, row: store.AccountRow): Promise<void> {
  try {
    const provider = configuredProvider(ctx, row);
    await provider.revoke(unsealTokens(await ensureTokenKey(ctx), row.id, row.sealed_tokens));
  } catch (error) {
    const reason = error instanceof AppError ? error.message : 'the tokens could not be read';
    ctx.log.warn({ provider: row.provider, reason }, 'the tokens of a linked account did not end at the provider');
  }
}
