import type { Context } from '../../../../context';
import type { AccessLevel } from '../../../../features/access/actor';
import { getNamespaceSettings } from '../../../../features/namespaces/settings';
import { listTeams, type Team } from '../../../../features/namespaces/teams';
import { listTeamAccess, removeTeamAccess, setTeamAccess } from '../../../../features/repositories/team-access';
import { fieldError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { Form as SentForm } from '../../form';
import { Empty } from '../../components/page-parts';
import { attempt, naming, type Fault } from '../../problems';
import { redirect } from '../../reply';
import type { Visitor } from '../../visitor';
import { ofSettings, settingsPage, settingsPath, type AdministeredDetails } from './settings-page';
import { ACCESS_LABELS, AccessForm, AccessTable } from './team-parts';

const PART = 'teams/';

/** More teams than anyone creates; others can be given access on the page of the team. */
const TEAMS_OFFERED = { limit: 500, offset: 0 };

function accessIn(form: SentForm): AccessLevel {
  const given = form.text('access');
  if (given === 'read' || given === 'write' || given === 'admin') return given;
  throw fieldError('invalid', 'access', 'Choose what the team can do');
}

interface Options {
  readonly team?: string;
  readonly access?: string;
  readonly fault?: Fault;
}

async function show(
  ctx: Context,
  visitor: Visitor,
  repository: AdministeredDetails,
  options: Options = {},
): Promise<Reply> {
  const { actor } = visitor;
  const { namespace } = repository;
  const { team = '', access = 'read', fault } = options;
  const parts = { title: 'Teams', current: PART, status: fault?.status ?? 200 } as const;
  const { kind } = await getNamespaceSettings(ctx, actor, namespace);
  if (kind !== 'organization') {
    const content = (
      <Empty title="Only repositories of organizations have teams">
        <p>
          Add <a href={settingsPath(repository, 'collaborators/')}>collaborators</a> instead, or{' '}
          <a href={settingsPath(repository, 'move/')}>transfer it</a> to an organization.
        </p>
      </Empty>
    );
    return settingsPage(visitor, repository, parts, content);
  }
  const given = await listTeamAccess(ctx, repository);
  const { teams } = await listTeams(ctx, actor, namespace, TEAMS_OFFERED);
  const offered = teams.filter(({ isOwners }: Team) => !isOwners).map(({ name }) => name);
  return settingsPage(
    visitor,
    repository,
    parts,
    <>
      <h2>Teams</h2>
      <p>Owners of {namespace} can do everything. Choose here what other teams can do.</p>
      <AccessTable visitor={visitor} action={settingsPath(repository, `${PART}remove/`)} given={given} />
      <AccessForm
        visitor={visitor}
        action={settingsPath(repository, PART)}
        organization={namespace}
        teams={offered}
        values={{ team, access }}
        fault={fault}
      />
    </>,
  );
}

export const getTeams = ofSettings<'member'>((ctx, { caller }, repository) => show(ctx, caller, repository));

export const postTeam = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const { form } = caller;
  const team = form.text('team');
  const result = await attempt(async () => {
    const access = accessIn(form);
    await naming(() => setTeamAccess(ctx, repository, { team, access }), 'team');
    return access;
  });
  if (result.fault !== undefined) {
    const { fault } = result;
    return show(ctx, caller, repository, { team, access: form.text('access'), fault });
  }
  const notice = `The team ${team} now has access: ${ACCESS_LABELS[result.done].toLowerCase()}.`;
  return redirect(caller, settingsPath(repository, PART), { notice });
});

export const postTeamRemoval = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const team = caller.form.text('team');
  const { fault } = await attempt(() => naming(() => removeTeamAccess(ctx, repository, team)));
  const text = fault?.text ?? `The team ${team} no longer has access.`;
  const notice = { text, kind: fault === undefined ? 'done' : 'problem' } as const;
  return redirect(caller, settingsPath(repository, PART), { notice });
});
