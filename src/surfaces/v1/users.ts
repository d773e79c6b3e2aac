import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Context } from '../../context';
import type { Actor } from '../../features/access/actor';
import { requirePasswordLogin } from '../../features/access/current-account';
import { authorizeAccount } from '../../features/accounts/own-account';
import { register } from '../../features/accounts/registration';
import { updateUser } from '../../features/accounts/users';
import { AppError, type ErrorCode } from '../../platform/errors';
import { clientAddress } from '../../platform/http/client-address';
import { parseJson, readBody } from '../../platform/http/body';
import { empty, jsonText, type Reply } from '../../platform/http/exchange';
import type { V1Handler } from './access';
import { LIMITS } from './requests';

/** Engines add their own keys; a value that is not a string counts as absent. */
const text = z.string().optional().catch(undefined);
const userFields = z.object({ username: text, password: text, email: text });
const changes = z.object({ password: z.string().optional(), email: z.string().optional() });

async function readObject(req: IncomingMessage): Promise<object> {
  const parsed = parseJson(await readBody(req, LIMITS.user));
  if (parsed === undefined) throw new AppError('invalid', 'Error Decoding JSON');
  const { value } = parsed;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** The Hub sent these two bodies chunked, and scripts of the time compare them with their framing. */
function chunked(status: number, body: string): Reply {
  return { ...jsonText(status, JSON.stringify(body)), isChunked: true };
}

/** `POST /v1/users` (protocol 2.2). Engines compare the body of a 400 byte for byte: no newline, no other spelling. */
export const postUser: V1Handler<'open'> = async (ctx, { req }) => {
  const address = clientAddress(req, ctx.settings.trustsProxy);
  await register(ctx, userFields.parse(await readObject(req)), address);
  return chunked(201, 'User created');
};

/** `GET /v1/users` (protocol 2.3): the guard has verified the credentials. */
export const getUsers: V1Handler<'account'> = () => chunked(200, 'OK');

const REFUSALS: Partial<Record<ErrorCode, string>> = { not_found: 'No such user', forbidden: 'Access denied' };

/** Refuses, in the Hub's words, the callers that `updateUser` refuses, before anything is said about the body. */
async function assertMayUpdate(ctx: Context, actor: Actor, username: string): Promise<void> {
  try {
    await authorizeAccount(ctx, actor, username, 'login');
  } catch (error) {
    const refusal = error instanceof AppError ? REFUSALS[error.code] : undefined;
    throw error instanceof AppError && refusal !== undefined ? new AppError(error.code, refusal) : error;
  }
}

/** `PUT /v1/users/<username>/` (protocol 2.4): a new password, a further address, or both. */
export const putUser: V1Handler<'account'> = async (ctx, { req, params, caller }) => {
  const username = params['username'] ?? '';
  await requirePasswordLogin(ctx, caller);
  const body = changes.safeParse(await readObject(req));
  await assertMayUpdate(ctx, caller, username);
  if (!body.success) throw new AppError('invalid', 'Invalid data');
  const { password, email } = body.data;
  if (password === undefined && email === undefined) throw new AppError('invalid', 'Missing field: password or email');
  await updateUser(ctx, caller, username, { password, email });
  return empty(204);
};
