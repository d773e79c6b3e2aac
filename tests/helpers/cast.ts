import { createAccountToken } from '../../src/features/accounts/own-access-tokens';
import { OPERATOR_ACTOR, type AccessLevel } from '../../src/features/access/actor';
import { getUser } from '../../src/features/accounts/users';
import { createOrganization } from '../../src/features/namespaces/organizations';
import { createRobot } from '../../src/features/namespaces/robots';
import { addMember } from '../../src/features/namespaces/team-members';
import { putTeam } from '../../src/features/namespaces/teams';
import { addUser, basic, passwordOf, type TestServer } from './test-server';

/*
 * One actor for each case that the policy distinguishes, with the repositories of a user, alice, and of an
 * organization, acme.
 */

export const VISIBILITIES = ['public', 'unlisted', 'private'] as const;
export const NAMESPACES = ['alice', 'acme'] as const;
export type Role = 'none' | 'read' | 'write' | 'admin' | 'refused';

/** One of the cast: what it sends as Authorization, and its role in the repositories of either namespace. */
export interface Player {
  readonly name: string;
  readonly authorization: string | undefined;
  readonly roles: Readonly<Record<(typeof NAMESPACES)[number], Role>>;
}

/** All repositories: `app-public` and so on, in both namespaces. */
export function castRepositories(): { namespace: (typeof NAMESPACES)[number]; name: string; visibility: string }[] {
  return NAMESPACES.flatMap((namespace) =>
    VISIBILITIES.map((visibility) => ({ namespace, name: `app-${visibility}`, visibility })),
  );
}

const PEOPLE = ['alice', 'stranger', 'collaborator', 'reader', 'writer', 'maintainer', 'owner'];

/** Creates an access token of an account; resolves to its secret. */
export async function addAccessToken(
  server: TestServer,
  username: string,
  token: { access: AccessLevel; repositories?: string[] },
): Promise<string> {
  const name = `${token.access} ${token.repositories?.join() ?? 'all'}`;
  const { secret } = await createAccountToken(server.ctx, OPERATOR_ACTOR, username, { name, ...token });
  return secret;
}

async function addTeams(server: TestServer): Promise<void> {
  await createOrganization(server.ctx, OPERATOR_ACTOR, 'acme', { owner: 'owner' });
  await createRobot(server.ctx, OPERATOR_ACTOR, { organization: 'acme', name: 'robot' });
  await createRobot(server.ctx, OPERATOR_ACTOR, { organization: 'acme', name: 'idle' });
  const teams = { read: ['reader'], write: ['writer', 'acme+robot'], admin: ['maintainer'] };
  for (const [team, members] of Object.entries(teams)) {
    await putTeam(server.ctx, OPERATOR_ACTOR, 'acme', { name: team, description: '' });
    for (const member of members) await addMember(server.ctx, OPERATOR_ACTOR, { organization: 'acme', team }, member);
  }
}

/** Creates one repository with its sharing, directly in the tables, because plans are tested elsewhere. */
export async function addRepository(
  server: TestServer,
  repository: ReturnType<typeof castRepositories>[number],
): Promise<void> {
  const { db } = server.ctx;
  const [made] = await db('repositories')
    .insert({ ...repository, state: 'active' })
    .returning<{ id: number }[]>('id');
  const id = made?.id ?? 0;
  if (repository.namespace === 'alice') {
    const collaborator = await getUser(server.ctx, 'collaborator');
    await db('collaborators').insert({ repository_id: id, user_id: collaborator.id });
  } else {
    await db.raw(
      `insert into team_repositories (team_id, repository_id, access)
      select id, ?, name::access_level from teams where namespace = 'acme' and not is_owners`,
      [id],
    );
  }
}

/** Fills a new server with the cast, and returns who can do what. */
export async function castOn(server: TestServer): Promise<Player[]> {
  for (const name of PEOPLE) await addUser(server, name);
  await addUser(server, 'root', { isAdmin: true });
  await addUser(server, 'sleeper', { isActive: false });
  await addTeams(server);
  for (const repository of castRepositories()) await addRepository(server, repository);
  const player = (name: string, alice: Role, acme: Role, authorization: string | undefined): Player => ({
    name,
    authorization,
    roles: { alice, acme },
  });
  const person = (username: string, alice: Role, acme: Role, name = username): Player =>
    player(name, alice, acme, basic(username, passwordOf(username)));
  const token = async (
    username: string,
    roles: [Role, Role],
    scope: { access: AccessLevel; repositories?: string[] },
  ): Promise<Player> => {
    const of = scope.repositories === undefined ? '' : ' for other repositories';
    const secret = await addAccessToken(server, username, scope);
    return player(`${scope.access} token of ${username}${of}`, ...roles, basic(username, secret));
  };
  const { db } = server.ctx;
  const expired = await token('alice', ['refused', 'refused'], { access: 'admin', repositories: ['alice/expired'] });
  await db('access_tokens')
    .where({ repositories: ['alice/expired'] })
    .update({ expires_at: new Date(0) });
  return [
    player('anonymous', 'none', 'none', undefined),
    person('stranger', 'none', 'none'),
    person('collaborator', 'write', 'none'),
    person('reader', 'none', 'read', 'team read'),
    person('writer', 'none', 'write', 'team write'),
    person('maintainer', 'none', 'admin', 'team admin'),
    person('owner', 'none', 'admin', 'organization owner'),
    person('alice', 'admin', 'none', 'repository owner'),
    person('root', 'admin', 'admin', 'administrator'),
    person('sleeper', 'refused', 'refused', 'inactive'),
    await token('acme+robot', ['none', 'write'], { access: 'admin' }),
    await token('acme+idle', ['none', 'none'], { access: 'admin' }),
    await token('alice', ['read', 'none'], { access: 'read' }),
    await token('alice', ['write', 'none'], { access: 'write' }),
    await token('alice', ['admin', 'none'], { access: 'admin' }),
    await token('alice', ['none', 'none'], { access: 'admin', repositories: ['alice/other'] }),
    await token('writer', ['none', 'read'], { access: 'read' }),
    await token('root', ['admin', 'admin'], { access: 'admin' }),
    await token('root', ['none', 'none'], { access: 'write' }),
    { ...expired, name: 'expired token' },
  ];
}
