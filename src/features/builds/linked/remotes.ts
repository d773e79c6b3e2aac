import type { Needs } from '../../../context';
import { inTransaction } from '../../../platform/db/db';
import { AppError } from '../../../platform/errors';
import { ProviderError } from '../../../platform/providers/provider-error';
import { ensureTokenKey } from '../../accounts/token-key';
import { recordEvent, SERVER } from '../../audit/audit';
import { unsealHookSecret } from '../credentials';
import { callProvider, type ProviderCall } from './provider-calls';
import * as store from './remotes.store';
import { reportCancelled } from './statuses';
import { queueTending } from './tending-queue';

/*
 * The hook and the read-only deploy key that are added to a repository at a provider, by jobs. What was added is recorded
 * after each step, and added only if it is not there, so that a job that is run again adds nothing twice.
 */

/** Longer than all requests of a job take. */
const CLAIM_SECONDS = 58;

type Working = Needs<'db' | 'gitProviders' | 'publicUrl' | 'log'>;

/** Errors after which another attempt may succeed. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof AppError)) return true;
  if (error instanceof ProviderError) return error.failure === 'limited' || error.failure === 'unreachable';
  return error.code !== 'closed' && error.code !== 'not_found';
}

const sentenceOf = (error: unknown): string =>
  error instanceof AppError ? error.message : 'An error of this server: see its log';

async function claimed(ctx: Working, remoteId: number): Promise<store.RemoteRow | undefined> {
  const row = await store.claim(ctx.db, remoteId, CLAIM_SECONDS);
  if (row === undefined && (await store.exists(ctx.db, remoteId)))
    throw new AppError('busy', 'Another process talks to the provider about this repository');
  return row;
}

/** Adds hook and key, after it removed those that were added before. */
async function addAll(ctx: Working, row: store.RemoteRow, { provider, token }: ProviderCall): Promise<void> {
  const { id, source_id: sourceId, remote_repository: repository, hook_id: hookId, sealed_hook_secret: sealed } = row;
  if (sourceId === null || hookId === null || sealed === null) return;
  let [hook, key] = [row.hook_ref ?? undefined, row.key_ref ?? undefined];
  if (hook !== undefined) await provider.removeHook(token, repository, hook);
  if (key !== undefined) await provider.removeKey(token, repository, key);
  const secret = unsealHookSecret(await ensureTokenKey(ctx), sourceId, sealed);
  hook = await provider.addHook(token, repository, { url: ctx.publicUrl.of(`/hooks/builds/${hookId}/`), secret });
  await store.setRefs(ctx.db, id, { hook, key: undefined });
  if (row.public_key === null) return;
  const title = `Drydock: ${row.subject}`;
  key = await provider.addKey(token, repository, { title, publicKey: row.public_key });
  await store.setRefs(ctx.db, id, { hook, key });
}

/**
 * Adds the hook and the deploy key of a source at its provider. A failure that may pass is thrown, so that the job is
 * run again; another one is recorded at the source.
 */
export async function addRemote(ctx: Working, remoteId: number): Promise<void> {
  const row = await claimed(ctx, remoteId);
  if (row === undefined) return;
  if (row.state !== 'adding' || row.is_ending) return store.release(ctx.db, remoteId, undefined);
  const details = { provider: row.provider, repository: row.full_name };
  try {
    await callProvider(ctx, row.linked_account_id, (call) => addAll(ctx, row, call));
    await inTransaction(ctx.db, async (tx) => {
      if (!(await store.finishAdding(tx, row, 'added'))) throw new AppError('busy', 'The source has changed');
      await recordEvent(tx, SERVER, { action: 'build.remote_added', subject: row.subject, details });
    });
  } catch (error) {
    await store.release(ctx.db, remoteId, sentenceOf(error));
    if (isPassing(error)) throw error;
    await store.finishAdding(ctx.db, row, 'failed', sentenceOf(error));
  }
}

async function forget(ctx: Working, remoteId: number, error: string | undefined): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const row = await store.remove(tx, remoteId);
    if (row === undefined) return;
    const { provider, subject, full_name: repository, hook_ref: hook, key_ref: key } = row;
    const details = { provider, repository, ...(error === undefined ? {} : { error }) };
    if (hook !== null || key !== null)
      await recordEvent(tx, SERVER, { action: 'build.remote_removed', subject, details });
    await queueTending(tx);
  });
}

/**
 * Removes what was added at a provider. What cannot be removed, because the access was revoked or the provider is no
 * longer configured, is recorded in the audit log.
 */
export async function removeRemote(ctx: Working, remoteId: number): Promise<void> {
  const row = await claimed(ctx, remoteId);
  if (row === undefined) return;
  const { hook_ref: hook, key_ref: key, remote_repository: repository } = row;
  try {
    await reportCancelled(ctx, remoteId);
    if (hook !== null || key !== null) {
      const remove = async ({ provider, token }: ProviderCall): Promise<void> => {
        if (hook !== null) await provider.removeHook(token, repository, hook);
        if (key !== null) await provider.removeKey(token, repository, key);
      };
      await callProvider(ctx, row.linked_account_id, remove, { isRemoval: true });
    }
  } catch (error) {
    await store.release(ctx.db, remoteId, sentenceOf(error));
    if (isPassing(error)) throw error;
    return forget(ctx, remoteId, sentenceOf(error));
  }
  await forget(ctx, remoteId, undefined);
}

/** Gives up what could not be removed for so many days. @returns how many */
export async function abandonRemotes(ctx: Working, days: number): Promise<number> {
  const ids = await store.listAbandoned(ctx.db, days);
  for (const id of ids) await forget(ctx, id, `It could not be removed in ${days} days`);
  return ids.length;
}
