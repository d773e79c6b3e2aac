import { z } from 'zod';
import { resendConfirmation, setPrimaryEmail } from '../../../features/accounts/confirmation';
import { addEmail, listEmails, removeEmail, type Email } from '../../../features/accounts/emails';
import { endpoint, reply } from '../endpoint';
import { line } from './schemas';
import { assertSelf, usernameParams } from './users';

/*
 * The addresses of an account (protocol 6.1). They are credentials, because a mailed link sets a password: the scope
 * email_write, which the Hub had for them, lets a program do nothing here.
 */

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
  id: 'listEmailAddresses',
  summary: 'List the email addresses of an account',
  params: usernameParams,
  responses: { 200: { description: 'All addresses', body: z.array(emailSchema) } },
  handle: async (ctx, { params, caller }) => {
    const emails = await listEmails(ctx, caller.actor, params.username);
    return reply(200, emails.map(emailBody));
  },
});

const postEmail = endpoint({
  ...FACTS,
  method: 'post',
  requiresPasswordLogin: true,
  id: 'addEmailAddress',
  summary: 'Add an email address; no email is sent',
  params: usernameParams,
  body: addressBody,
  responses: { 201: { description: 'The address', body: emailSchema } },
  errors: ['conflict'],
  statuses: { conflict: 400 },
  handle: async (ctx, { params, body, caller }) => {
    const email = await addEmail(ctx, caller.actor, params.username, body.email);
    return reply(201, emailBody(email));
  },
});

const deleteEmail = endpoint({
  ...FACTS,
  method: 'delete',
  requiresPasswordLogin: true,
  id: 'removeEmailAddress',
  summary: 'Remove an email address, except the primary one',
  params: usernameParams,
  body: addressBody,
  responses: { 204: { description: 'Removed' } },
  handle: async (ctx, { params, body, caller }) => {
    await removeEmail(ctx, caller.actor, params.username, body.email);
    return reply(204);
  },
});

const OWN = { ...FACTS, requiresPasswordLogin: true, params: usernameParams } as const;

const postConfirmation = endpoint({
  ...OWN,
  method: 'post',
  path: '/api/v1.1/users/:username/emails/confirm/',
  id: 'resendEmailConfirmation',
  summary: 'Send the confirmation email for one of your addresses again',
  body: addressBody,
  responses: { 202: { description: 'The email will be sent' } },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    assertSelf(caller, params.username);
    await resendConfirmation(ctx, caller.actor, body.email);
    return reply(202);
  },
});

const putPrimary = endpoint({
  ...OWN,
  method: 'put',
  path: '/api/v1.1/users/:username/emails/primary/',
  id: 'setPrimaryEmailAddress',
  summary: 'Make one of your confirmed addresses the primary one; the previous one is kept',
  body: addressBody,
  responses: { 204: { description: 'The address is now the primary one' } },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    assertSelf(caller, params.username);
    await setPrimaryEmail(ctx, caller.actor, body.email);
    return reply(204);
  },
});

export const emailEndpoints = [getEmails, postEmail, deleteEmail, postConfirmation, putPrimary];
