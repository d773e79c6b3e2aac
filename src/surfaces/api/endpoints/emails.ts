import { z } from 'zod';
import { doerOf } from '../../../features/accounts/doer';
import { addEmail, listEmails, removeEmail, type Email } from '../../../features/accounts/emails';
import { endpoint, reply } from '../endpoint';
import { line } from './schemas';
import { ownUser, usernameParams } from './users';

/* The addresses of an account (protocol 6.1). */

const emailSchema = z
  .strictObject({ email: z.string(), verified: z.boolean(), primary: z.boolean() })
  .meta({ id: 'Email' });

function emailBody({ address, isVerified, isPrimary }: Email): z.input<typeof emailSchema> {
  return { email: address, verified: isVerified, primary: isPrimary };
}

const FACTS = { path: '/api/v1.1/users/:username/emails/', tag: 'emails', access: 'account' } as const;
const addressBody = z.strictObject({ email: line(255) });

const getEmails = endpoint({
  ...FACTS,
  method: 'get',
  scope: 'email_read',
  summary: 'List the addresses of an account',
  params: usernameParams,
  responses: { 200: { description: 'All of them', body: z.array(emailSchema) } },
  handle: async (ctx, { params, caller }) => {
    const { id } = await ownUser(ctx, caller, params.username);
    return reply(200, (await listEmails(ctx, id)).map(emailBody));
  },
});

const postEmail = endpoint({
  ...FACTS,
  method: 'post',
  scope: 'email_write',
  isForAccountItself: true,
  summary: 'Add an address; no mail is sent',
  params: usernameParams,
  body: addressBody,
  responses: { 201: { description: 'The address', body: emailSchema } },
  errors: ['conflict'],
  statuses: { conflict: 400 },
  handle: async (ctx, { params, body, caller }) => {
    const user = await ownUser(ctx, caller, params.username);
    const email = await addEmail(ctx, user, body.email, doerOf(caller.actor, caller.account));
    return reply(201, emailBody(email));
  },
});

const deleteEmail = endpoint({
  ...FACTS,
  method: 'delete',
  scope: 'email_write',
  isForAccountItself: true,
  summary: 'Remove an address; the primary one stays',
  params: usernameParams,
  body: addressBody,
  responses: { 204: { description: 'It is gone' } },
  handle: async (ctx, { params, body, caller }) => {
    const user = await ownUser(ctx, caller, params.username);
    await removeEmail(ctx, user, body.email, doerOf(caller.actor, caller.account));
    return reply(204);
  },
});

export const emailEndpoints = [getEmails, postEmail, deleteEmail];
