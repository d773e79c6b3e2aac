import { z } from 'zod';
import type { Needs } from '../../context';
import type { ProviderUser } from './claims';
import { openSealed, sealFor } from './sealed';

/*
 * A user of the provider who has no account here yet: what the provider said about them travels, sealed, in the form
 * with which they create an account or link an existing one.
 */

const PENDING_SECONDS = 30 * 60;
const PURPOSE = 'openid user';

const pendingSchema = z.object({
  issuer: z.string(),
  subject: z.string(),
  email: z.string().optional(),
  isEmailVerified: z.boolean(),
  calledName: z.string(),
  groups: z.array(z.string()).optional(),
  authenticatedAt: z.number().optional(),
});

/** Seals what the provider said about a user for a form. */
export function sealUser(ctx: Needs<'tokenKey'>, user: ProviderUser): string {
  return sealFor(ctx.tokenKey, PURPOSE, user, PENDING_SECONDS);
}

/** The user of such a form; undefined when it is too old. */
export function readUser(ctx: Needs<'tokenKey'>, ticket: string): ProviderUser | undefined {
  const read = pendingSchema.safeParse(openSealed(ctx.tokenKey, PURPOSE, ticket)).data;
  if (read === undefined) return undefined;
  return { ...read, email: read.email, groups: read.groups, authenticatedAt: read.authenticatedAt };
}
