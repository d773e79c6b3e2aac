import { z } from 'zod';
import {
  getOwnProfile,
  getProfile,
  updateProfile,
  type Profile,
  type ProfileFields,
} from '../../../features/accounts/profiles';
import { register } from '../../../features/accounts/registration';
import { normalizeUsername } from '../../../features/accounts/account-rules';
import { createUser } from '../../../features/accounts/users';
import { AppError } from '../../../platform/errors';
import type { AccountCaller } from '../access';
import { endpoint, reply } from '../endpoint';
import { line, moment, nameParam } from './schemas';

/* The Accounts API of the time (protocol 6.1): an account and its profile. */

/** The profile of an account or an organization, as the Hub showed it. */
export const shownProfile = {
  full_name: z.string(),
  location: z.string(),
  company: z.string(),
  profile_url: z.string(),
  gravatar_email: z.string(),
  gravatar_url: z.string().describe('Gravatar id of the picture; empty without an address'),
};

type ShownProfile = { readonly [field in keyof typeof shownProfile]: string };

export const userSchema = z
  .strictObject({
    id: z.int(),
    username: z.string(),
    url: z.string().describe('Path of the account in this API'),
    date_joined: moment,
    type: z.literal('User'),
    ...shownProfile,
    email: z.string().describe('The primary address; empty if there is none'),
    is_active: z.boolean(),
  })
  .meta({ id: 'User' });

export const usernameParams = z.object({ username: nameParam });

/** The fields of `shownProfile`. */
export function profileBody(profile: ProfileFields & Pick<Profile, 'gravatarUrl'>): ShownProfile {
  return {
    full_name: profile.fullName,
    location: profile.location,
    company: profile.company,
    profile_url: profile.profileUrl,
    gravatar_email: profile.gravatarEmail,
    gravatar_url: profile.gravatarUrl,
  };
}

/** An account as the Hub showed it. */
export function userBody(profile: Profile): z.input<typeof userSchema> {
  return {
    id: profile.id,
    username: profile.username,
    url: `/api/v1.1/users/${profile.username}/`,
    date_joined: profile.createdAt.toISOString(),
    type: 'User',
    ...profileBody(profile),
    email: profile.email ?? '',
    is_active: profile.isActive,
  };
}

/**
 * Refuses a path that names another account, for features that always work on the caller's own account.
 *
 * @throws AppError `forbidden`
 */
export function assertSelf({ account }: AccountCaller, username: string): void {
  if (account.username !== normalizeUsername(username)) throw new AppError('forbidden', 'This is not your account');
}

const registrationSchema = z.strictObject({ username: line(255), password: line(4096), email: line(255) });

const postUser = endpoint({
  method: 'post',
  path: '/api/v1.1/users/',
  tag: 'users',
  access: 'optional',
  id: 'createAccount',
  summary: 'Register an account',
  description:
    'Where email confirmation is required, the account is inactive until then. An administrator can create one for someone ' +
    'else, active at once, even if registration is closed.',
  body: registrationSchema,
  responses: {
    201: { description: 'The new account', body: userSchema, headers: { Location: 'Path of the account' } },
  },
  errors: ['conflict', 'closed'],
  handle: async (ctx, { body, caller: { actor, account } }) => {
    if (account?.isAdmin === true) {
      const user = { ...body, isActive: true, isAdmin: false, isEmailVerified: true };
      await createUser(ctx, actor, user);
    } else {
      await register(ctx, body, actor.address);
    }
    const made = userBody(await getProfile(ctx, body.username));
    return reply(201, made, { Location: made.url });
  },
});

const getOne = endpoint({
  method: 'get',
  path: '/api/v1.1/users/:username/',
  tag: 'users',
  access: 'account',
  scope: 'profile_read',
  id: 'getAccount',
  summary: 'Show an account: your own or, as a site administrator, any',
  params: usernameParams,
  responses: { 200: { description: 'The account', body: userSchema } },
  etag: 'sent',
  handle: async (ctx, { params, caller }) => {
    return reply(200, userBody(await getOwnProfile(ctx, caller.actor, params.username)));
  },
});

/** The fields of a profile that can be changed. */
export const profileSchema = z.strictObject({
  full_name: line(255).optional(),
  location: line(255).optional(),
  company: line(255).optional(),
  profile_url: line(2000).optional(),
  gravatar_email: line(254).optional(),
});

/** The same changes in the names of the features. */
export function profileChanges(body: z.output<typeof profileSchema>) {
  return {
    fullName: body.full_name,
    location: body.location,
    company: body.company,
    profileUrl: body.profile_url,
    gravatarEmail: body.gravatar_email,
  };
}

const patchOne = endpoint({
  method: 'patch',
  path: '/api/v1.1/users/:username/',
  tag: 'users',
  access: 'account',
  scope: 'profile_write',
  id: 'updateAccount',
  summary: 'Change a profile',
  params: usernameParams,
  body: profileSchema,
  responses: { 200: { description: 'The updated account', body: userSchema } },
  etag: 'heeded',
  handle: async (ctx, { params, body, caller, assertCurrent }) => {
    const assertProfile = (current: Profile): void => assertCurrent(userBody(current));
    const changes = profileChanges(body);
    const profile = await updateProfile(ctx, caller.actor, params.username, changes, assertProfile);
    return reply(200, userBody(profile));
  },
});

export const userEndpoints = [postUser, getOne, patchOne];
