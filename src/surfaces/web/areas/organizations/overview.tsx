import { listOrganizationMembers } from '../../../../features/namespaces/organizations';
import { getOrganization, type OrganizationProfile } from '../../../../features/namespaces/organization-profiles';
import { getNamespaceSettings } from '../../../../features/namespaces/settings';
import { listTeams } from '../../../../features/namespaces/teams';
import type { WebHandler } from '../../access';
import { AccountName } from '../../components/avatar';
import { Moment, plural } from '../../components/quantities';
import { Panel } from '../../components/page-parts';
import { slotsUsed } from '../../components/visibility-choice';
import { page } from '../../reply';
import type { View } from '../../view';
import { OrganizationFrame, organizationOf, organizationPath } from './frame';

const SHOWN = 10;

function Facts({ profile }: { profile: OrganizationProfile }): View {
  const { fullName, company, location, createdAt } = profile;
  const pairs = [
    ['Full name', fullName],
    ['Company', company],
    ['Location', location],
  ].filter(([, value]) => value !== '');
  return (
    <dl class="pairs">
      {pairs.map(([label, value]) => (
        <>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </>
      ))}
      <dt>Created</dt>
      <dd>
        <Moment at={createdAt} />
      </dd>
    </dl>
  );
}

function TeamsPanel({ namespace, teams }: { namespace: string; teams: Awaited<ReturnType<typeof listTeams>> }): View {
  return (
    <Panel title={plural(teams.total, 'team')}>
      <ul class="rows">
        {teams.teams.map(({ name, description, memberCount }) => (
          <li>
            <span class="title-line">
              <a href={organizationPath(namespace, `teams/${name}/`)}>{name}</a>
              <small>{plural(memberCount, 'member')}</small>
            </span>
            {description !== '' && <small>{description}</small>}
          </li>
        ))}
      </ul>
      {teams.total > SHOWN && <a href={organizationPath(namespace, 'teams/')}>All teams</a>}
    </Panel>
  );
}

function MembersPanel({
  namespace,
  members,
}: {
  namespace: string;
  members: Awaited<ReturnType<typeof listOrganizationMembers>>;
}): View {
  return (
    <Panel title={plural(members.total, 'member')}>
      <ul class="facts">
        {members.members.map(({ username, isRobot }) => (
          <li>
            <AccountName name={username} isRobot={isRobot} />
          </li>
        ))}
      </ul>
      {members.total > SHOWN && <a href={organizationPath(namespace, 'members/')}>All members</a>}
    </Panel>
  );
}

/** The first page of an organization, for its members. */
export const getOverview: WebHandler<'member'> = async (ctx, exchange) => {
  const { caller } = exchange;
  const organization = await organizationOf(ctx, exchange);
  const { namespace, canManage } = organization;
  const profile = await getOrganization(ctx, caller.actor, namespace);
  const { slots } = await getNamespaceSettings(ctx, caller.actor, namespace);
  const teams = await listTeams(ctx, caller.actor, namespace, { limit: SHOWN, offset: 0 });
  const members = await listOrganizationMembers(ctx, caller.actor, namespace, { limit: SHOWN, offset: 0 });
  return page(
    caller,
    { title: namespace, section: 'dashboard' },
    <OrganizationFrame visitor={caller} organization={organization} current="">
      <div class="columns">
        <div>
          <TeamsPanel namespace={namespace} teams={teams} />
          <MembersPanel namespace={namespace} members={members} />
        </div>
        <div>
          <Panel title="About">
            <Facts profile={profile} />
          </Panel>
          <Panel title="Repositories">
            {slots !== undefined && <p>{slotsUsed(slots)}.</p>}
            <div class="actions">
              <a class="button quiet" href={`/dashboard/?namespace=${namespace}`}>
                See repositories
              </a>
              {canManage && (
                <a class="button quiet" href={`/repository/add/?namespace=${namespace}`}>
                  Create repository
                </a>
              )}
            </div>
          </Panel>
        </div>
      </div>
    </OrganizationFrame>,
  );
};
