import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Actor, Account } from '../../features/access/actor';
import { register } from '../../features/accounts/registration';
import { findUser, updateUser } from '../../features/accounts/users';
import { doerOf } from '../../features/access/doer';
import { getAccountItself } from '../../features/access/current-account';
import { AppError } from '../../platform/errors';
import { clientAddress } from '../../platform/http/client-address';
import { parseJson, readBody } from '../../platform/http/body';
import { empty, jsonText, type Reply } from '../../platform/http/exchange';
import type { V1Handler } from './access';
import { LIMITS } from './requests';

/** Engines add keys of their own, and what is not a string counts as absent. */
const text = z.string().optional().catch(undefined);
const userFields = z.object({ username: text, password: text, email: text });
const changes = z.object({ password: z.string().optional(), email: z.string().optional() });

async function readObject(req: IncomingMessage): Promise<object> {
  const parsed = parseJson(await readBody(req, LIMITS.user));
  if (parsed === undefined) throw new AppError('invalid', 'Error Decoding JSON');
  const { value } = parsed;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** The Hub sent these two bodies chunked, and scripts of its time compare them with their framing. */
function chunked(status: number, body: string): Reply {
  return { ...jsonText(status, JSON.stringify(body)), isChunked: true };
}

/** `POST /v1/users` (protocol 2.2). The body of a 400 is compared byte for byte: no newline, no other spelling. */
export const postUser: V1Handler<'open'> = async (ctx, { req }) => {
  const address = clientAddress(req, ctx.settings.trustsProxy);
  await register(ctx, userFields.parse(await readObject(req)), address);
  return chunked(201, 'User created');
};

/** `GET /v1/users` (protocol 2.3): the guard has checked the credentials. */
export const getUsers: V1Handler<'account'> = () => chunked(200, 'OK');

function assertMayUpdate(account: Account, username: string, exists: boolean): void {
  if (!exists) throw new AppError('not_found', 'No such user');
  if (account.username !== username.toLowerCase() && !account.isAdmin) throw new AppError('forbidden', 'Access denied');
}

/** `PUT /v1/users/<username>/` (protocol 2.4): any of a new password and a further address. */
export const putUser: V1Handler<'account'> = async (ctx, { req, params, caller }) => {
  const username = params['username'] ?? '';
  const account = await getAccountItself(ctx, caller satisfies Actor);
  const body = changes.safeParse(await readObject(req));
  assertMayUpdate(account, username, (await findUser(ctx, username)) !== undefined);
  if (!body.success) throw new AppError('invalid', 'Invalid data');
  const { password, email } = body.data;
  if (password === undefined && email === undefined) throw new AppError('invalid', 'Missing field: password or email');
  await updateUser(ctx, username, { password, email }, doerOf(caller, account));
  return empty(204);
};
