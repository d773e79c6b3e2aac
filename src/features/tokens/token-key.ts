import { randomBytes } from 'node:crypto';
import type { Needs } from '../../context';
import { ensureSetting } from './settings.store';

/** The key that signs this installation's tokens: created once, and shared by all processes on the database. */
export async function ensureTokenKey(ctx: Needs<'db'>): Promise<Buffer> {
  return Buffer.from(await ensureSetting(ctx.db, 'token_key', randomBytes(32).toString('hex')), 'hex');
}
