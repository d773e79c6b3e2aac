import type { Context } from '../../../../context';
import { deleteTeam, listTeams, putTeam } from '../../../../features/namespaces/teams';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebExchange, WebHandler } from '../../access';
import { plural } from '../../components/quantities';
import { Actions, Field, Form, Problem, SHORT_NAME } from '../../components/forms';
import { Badge, Panel } from '../../components/page-parts';
import { Paging, pageAsked } from '../../components/paging';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import type { View } from '../../view';
import { OrganizationFrame, organizationOf, organizationPath } from './frame';

interface Typed {
  readonly name: string;
  readonly description: string;
}

function NewTeam({ visitor, typed, fault }: { visitor: Member; typed: Typed; fault: Fault | undefined }): View {
  return (
    <Panel title="New team">
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault}>
        <Field label="Name" name="name" value={typed.name} required {...SHORT_NAME} />
        <Field label="Description" name="description" value={typed.description} maxlength={255} />
        <Actions>
          <button type="submit">Create team</button>
        </Actions>
      </Form>
    </Panel>
  );
}

async function teamsPage(
  ctx: Context,
  exchange: WebExchange<'member'>,
  typed: Typed = { name: '', description: '' },
  fault?: Fault,
): Promise<Reply> {
  const { caller, query } = exchange;
  const organization = await organizationOf(ctx, exchange);
  const { namespace, canManage } = organization;
  const asked = pageAsked(query);
  const { total, teams } = await listTeams(ctx, caller.actor, namespace, asked);
  return page(
    caller,
    { title: `Teams of ${namespace}`, section: 'dashboard', status: fault?.status ?? 200 },
    <OrganizationFrame visitor={caller} organization={organization} current="teams/">
      <div class={canManage ? 'columns' : ''}>
        <div>
          <ul class="rows">
            {teams.map(({ name, description, memberCount, isOwners }) => (
              <li>
                <span class="title-line">
                  <a href={organizationPath(namespace, `teams/${name}/`)}>{name}</a>
                  {isOwners && <Badge tone="official">owns the organization</Badge>}
                  <small>{plural(memberCount, 'member')}</small>
                </span>
                {description !== '' && <small>{description}</small>}
              </li>
            ))}
          </ul>
          <Paging asked={asked} total={total} path={organizationPath(namespace, 'teams/')} />
        </div>
        {canManage && <NewTeam visitor={caller} typed={typed} fault={fault} />}
      </div>
    </OrganizationFrame>,
  );
}

export const getTeams: WebHandler<'member'> = (ctx, exchange) => teamsPage(ctx, exchange);

export const postTeams: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller } = exchange;
  const { namespace } = await organizationOf(ctx, exchange);
  const typed = { name: caller.form.text('name'), description: caller.form.text('description') };
  const { fault } = await attempt(() => putTeam(ctx, caller.actor, namespace, typed));
  if (fault !== undefined) return teamsPage(ctx, exchange, typed, fault);
  const notice = `The team ${typed.name} was created. Invite people to it.`;
  return redirect(caller, organizationPath(namespace, `teams/${typed.name}/`), { notice });
};

/** Changes the description of a team. */
export const postTeamDescription: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller, params } = exchange;
  const { namespace } = await organizationOf(ctx, exchange);
  const name = params['team'] ?? '';
  await putTeam(ctx, caller.actor, namespace, { name, description: caller.form.text('description') });
  return redirect(caller, organizationPath(namespace, `teams/${name}/`), { notice: 'The description was saved.' });
};

export const postDeleteTeam: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller, params } = exchange;
  const { namespace } = await organizationOf(ctx, exchange);
  const name = params['team'] ?? '';
  const { fault } = await attempt(() => deleteTeam(ctx, caller.actor, namespace, name));
  if (fault === undefined) {
    return redirect(caller, organizationPath(namespace, 'teams/'), { notice: `The team ${name} was deleted.` });
  }
  const notice = { text: fault.text, kind: 'problem' as const };
  return redirect(caller, organizationPath(namespace, `teams/${encodeURIComponent(name)}/`), { notice });
};
