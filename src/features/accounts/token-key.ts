import { randomBytes } from 'node:crypto';
import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import * as store from './settings.store';

/*
 * The key that signs this installation's tokens, and from which the key that seals second factors is derived. Each
 * process keeps it in a buffer, whose bytes are replaced when another process has rotated the key.
 */

const SETTING = 'token_key';
const LOOK_AGAIN_MS = 5000;

const newKey = (): string => randomBytes(32).toString('hex');

/** The key: created once, and shared by all processes on the database. */
export async function ensureTokenKey(ctx: Needs<'db'>): Promise<Buffer> {
  const stored = await store.findSetting(ctx.db, SETTING); // nearly always there, so that looking again writes nothing
  return Buffer.from(stored ?? (await store.ensureSetting(ctx.db, SETTING, newKey())), 'hex');
}

/** The key as it is in the database. Nobody rotates it until the transaction ends. */
export async function currentTokenKey(tx: Db): Promise<Buffer> {
  return Buffer.from(await store.lockSetting(tx, SETTING, 'share'), 'hex');
}

/** Replaces the key; waits for the transactions that use it. */
export async function replaceTokenKey(tx: Db): Promise<{ from: Buffer; to: Buffer }> {
  const from = Buffer.from(await store.lockSetting(tx, SETTING, 'update'), 'hex');
  const to = newKey();
  await store.changeSetting(tx, SETTING, to);
  return { from, to: Buffer.from(to, 'hex') };
}

/**
 * Looks every few seconds whether the key was rotated, and takes the new one over into `ctx.tokenKey`.
 *
 * @returns ends it
 */
export function watchTokenKey(ctx: Needs<'db' | 'log' | 'tokenKey'>, everyMs = LOOK_AGAIN_MS): () => void {
  const look = async (): Promise<void> => {
    const key = await ensureTokenKey(ctx).catch(() => undefined); // what needs the database says that it is away
    if (key === undefined || key.equals(ctx.tokenKey)) return;
    key.copy(ctx.tokenKey);
    ctx.log.info('the key that signs tokens was rotated');
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
