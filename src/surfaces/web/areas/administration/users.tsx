import type { Context } from '../../../../context';
import { listUsersPage } from '../../../../features/accounts/user-list';
import { createUser } from '../../../../features/accounts/users';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { AccountName } from '../../components/avatar';
import { Ago } from '../../components/quantities';
import { Actions, Field, Form, Problem, Select } from '../../components/forms';
import { NewPasswordField } from '../../components/new-password-field';
import { Badge, Empty, Panel, Table } from '../../components/page-parts';
import { Paging, pageAsked } from '../../components/paging';
import { UsernameField } from '../../components/username-field';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { AdministrationFrame } from './frame';

const STATES = [
  { value: '', label: 'All' },
  { value: 'active', label: 'Active' },
  { value: 'inactive', label: 'Inactive' },
  { value: 'admin', label: 'Administrators' },
];

interface Typed {
  readonly username: string;
  readonly email: string;
}

const NOTHING: Typed = { username: '', email: '' };

function NewUser({
  hubLimits,
  visitor,
  typed,
  fault,
}: {
  readonly hubLimits: boolean;
  readonly visitor: Visitor;
  readonly typed: Typed;
  readonly fault: Fault | undefined;
}): View {
  return (
    <Panel title="Create a user">
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault}>
        <UsernameField hubLimits={hubLimits} value={typed.username} autocomplete="off" />
        <Field
          label="Email address"
          name="email"
          type="email"
          value={typed.email}
          maxlength={254}
          autocomplete="off"
          hint="Optional. You state that it belongs to the user: it needs no confirmation."
        />
        <NewPasswordField label="Password" />
        <Actions>
          <button type="submit">Create user</button>
        </Actions>
      </Form>
    </Panel>
  );
}

async function usersPage(
  ctx: Context,
  { caller, query }: WebExchange<'administrator'>,
  typed = NOTHING,
  fault?: Fault,
): Promise<Reply> {
  const text = (query.get('q') ?? '').trim().slice(0, 255);
  const state = query.get('state') ?? '';
  const asked = pageAsked(query);
  const filter = {
    text: text === '' ? undefined : text,
    isActive: state === 'active' ? true : state === 'inactive' ? false : undefined,
    isAdmin: state === 'admin' ? true : undefined,
  };
  const { total, users } = await listUsersPage(ctx, caller.actor, filter, { page: asked.page, pageSize: asked.limit });
  return page(
    caller,
    { title: 'Users', section: 'admin', status: fault?.status ?? 200 },
    <AdministrationFrame title="Users" current="/admin/users/">
      <form class="filters" action="/admin/users/">
        <Field label="Name or address" name="q" type="search" value={text} />
        <Select label="State" name="state" value={state} options={STATES} />
        <button type="submit" class="quiet">
          Filter
        </button>
      </form>
      {users.length === 0 && (
        <Empty title="No matching accounts">
          <p>
            <a href="/admin/users/">Show all accounts</a>
          </p>
        </Empty>
      )}
      {users.length > 0 && (
        <Table caption="Accounts" head={['Name', 'State', 'Plan', 'Joined', 'Last seen']}>
          {users.map(({ username, email, isActive, isAdmin, plan, createdAt, lastSeenAt }) => (
            <tr>
              <td>
                <AccountName name={username} path={`/admin/users/${username}/`} />
                {email !== undefined && <small class="below">{email}</small>}
              </td>
              <td>
                {isActive ? <Badge tone="good">active</Badge> : <Badge tone="warn">inactive</Badge>}{' '}
                {isAdmin && <Badge tone="official">administrator</Badge>}
              </td>
              <td>{plan ?? ''}</td>
              <td>
                <Ago at={createdAt} />
              </td>
              <td>{lastSeenAt !== undefined && <Ago at={lastSeenAt} />}</td>
            </tr>
          ))}
        </Table>
      )}
      <Paging asked={asked} total={total} path="/admin/users/" query={{ q: text, state }} />
      <NewUser hubLimits={ctx.settings.hubLimits} visitor={caller} typed={typed} fault={fault} />
    </AdministrationFrame>,
  );
}

/** A list of all accounts, with a search. */
export const getUsers: WebHandler<'administrator'> = (ctx, exchange) => usersPage(ctx, exchange);

/** Creates an account that is active at once, also if registration is closed. */
export const postUser: WebHandler<'administrator-form'> = async (ctx, exchange) => {
  const { caller } = exchange;
  const { form } = caller;
  const typed = { username: form.text('username'), email: form.text('email') };
  const { fault } = await attempt(() =>
    createUser(ctx, caller.actor, {
      username: typed.username,
      password: form.raw('password'),
      email: form.optional('email'),
      isActive: true,
      isAdmin: false,
      isEmailVerified: true,
    }),
  );
  if (fault !== undefined) return usersPage(ctx, exchange, typed, fault);
  return redirect(caller, `/admin/users/${typed.username}/`, { notice: `The user ${typed.username} was created.` });
};
