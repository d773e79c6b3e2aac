import { createOrganization, listOrganizations } from '../../../../features/namespaces/organizations';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { Avatar } from '../../components/avatar';
import { plural } from '../../components/quantities';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Badge, Empty, Heading, Panel } from '../../components/page-parts';
import { Paging, pageAsked } from '../../components/paging';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { organizationPath } from './frame';

/** The organizations to which the member belongs. */
export const getOrganizations: WebHandler<'member'> = async (ctx, { caller, query }) => {
  const asked = pageAsked(query);
  const { total, organizations } = await listOrganizations(ctx, caller.actor, { ...asked, isForAll: false });
  return page(
    caller,
    { title: 'Organizations', section: 'dashboard' },
    <>
      <Heading title="Organizations" subtitle="Teams that share repositories under one name">
        <a class="button" href="/organizations/add/">
          Create organization
        </a>
      </Heading>
      {organizations.length === 0 && (
        <Empty title="You are not in any organization">
          <p>
            Create one to share repositories with teams, or ask an owner to invite you. Invitations appear under{' '}
            <a href="/account/teams/">your teams</a>.
          </p>
        </Empty>
      )}
      <ul class="cards">
        {organizations.map(({ name, plan, teamCount, memberCount }) => (
          <li>
            <span class="title-line">
              <Avatar name={name} /> <a href={organizationPath(name)}>{name}</a> <Badge>{plan}</Badge>
            </span>
            <ul class="facts">
              <li>{plural(teamCount, 'team')}</li>
              <li>{plural(memberCount, 'member')}</li>
            </ul>
          </li>
        ))}
      </ul>
      <Paging asked={asked} total={total} path="/organizations/" />
    </>,
  );
};

function addPage(visitor: Member, name = '', fault?: Fault): Reply {
  return page(
    visitor,
    { title: 'Create organization', isNarrow: true, section: 'dashboard', status: fault?.status ?? 200 },
    <>
      <Heading title="Create an organization" subtitle="You will be its first owner." />
      <Panel>
        <Problem fault={fault} />
        <Form visitor={visitor} fault={fault}>
          <Field
            label="Name"
            name="name"
            value={name}
            required
            maxlength={30}
            hint="4 to 30 lowercase letters, digits and underscores. Its repositories are pulled under this name."
          />
          <Actions>
            <button type="submit">Create organization</button>
          </Actions>
        </Form>
      </Panel>
    </>,
  );
}

export const getAddOrganization: WebHandler<'member'> = (_ctx, { caller }) => addPage(caller);

export const postAddOrganization: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const name = caller.form.text('name');
  const { fault } = await attempt(() => createOrganization(ctx, caller.actor, name));
  if (fault !== undefined) return addPage(caller, name, fault);
  return redirect(caller, organizationPath(name), { notice: `The organization ${name} was created.` });
};
