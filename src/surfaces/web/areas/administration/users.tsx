import { listUsersPage } from '../../../../features/accounts/user-list';
import type { WebHandler } from '../../access';
import { Ago } from '../../components/quantities';
import { Field, Select } from '../../components/forms';
import { Badge, Empty, Table } from '../../components/page-parts';
import { Paging, pageAsked } from '../../components/paging';
import { page } from '../../reply';
import { AdministrationFrame } from './frame';

const STATES = [
  { value: '', label: 'All' },
  { value: 'active', label: 'Active' },
  { value: 'inactive', label: 'Inactive' },
  { value: 'admin', label: 'Administrators' },
];

/** A list of all accounts, with a search. */
export const getUsers: WebHandler<'administrator'> = async (ctx, { caller, query }) => {
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
    { title: 'Users', section: 'admin' },
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
        <Table caption="Accounts" head={['Name', 'Email', 'State', 'Plan', 'Joined', 'Last seen']}>
          {users.map(({ username, email, isActive, isAdmin, plan, createdAt, lastSeenAt }) => (
            <tr>
              <td>
                <a href={`/admin/users/${username}/`}>{username}</a>
              </td>
              <td>{email ?? ''}</td>
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
    </AdministrationFrame>,
  );
};
