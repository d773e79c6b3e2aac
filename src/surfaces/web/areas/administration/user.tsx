import type { Context } from '../../../../context';
import { showUser } from '../../../../features/accounts/user-list';
import type { User } from '../../../../features/accounts/users';
import { setStatus } from '../../../../features/namespaces/account-status';
import { deleteUserAccount } from '../../../../features/namespaces/account-deletion';
import { convertUser } from '../../../../features/namespaces/organizations';
import { listPlans } from '../../../../features/namespaces/plans';
import { getNamespaceSettings, updateNamespace } from '../../../../features/namespaces/settings';
import { deleteUserWithRepositories } from '../../../../features/repositories/owner-deletion';
import { fieldError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { Moment } from '../../components/quantities';
import { Actions, Checkbox, Field, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { PlanForm } from '../../components/plan-form';
import { attempt, naming, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { AdministrationFrame } from './frame';

interface Place {
  readonly visitor: Visitor;
  /** the base path of the account's pages */
  readonly path: string;
}

function AccountPanel({ user, visitor, path }: Place & { readonly user: User }): View {
  const { username } = user;
  return (
    <Panel title="Account">
      <dl class="pairs">
        <dt>Joined</dt>
        <dd>
          <Moment at={user.createdAt} />
        </dd>
        <dt>Pages</dt>
        <dd>
          <a href={`/u/${username}/`}>Profile</a> · <a href={`/admin/audit/?user=${username}`}>Audit log</a>
        </dd>
      </dl>
      <Form visitor={visitor} action={`${path}status/`}>
        <Checkbox label="Active: the account can log in" name="active" checked={user.isActive} />
        <Checkbox label="Administrator: the account can do everything" name="admin" checked={user.isAdmin} />
        <Actions>
          <button type="submit">Save</button>
        </Actions>
      </Form>
    </Panel>
  );
}

function DangerPanels({
  username,
  visitor,
  path,
  fault,
}: Place & { readonly username: string; readonly fault: Fault | undefined }): View {
  return (
    <>
      <Panel title="Turn into an organization" tone="danger">
        <p>The repositories are kept. The account is deleted, with its password, email addresses and access tokens.</p>
        <Form visitor={visitor} action={`${path}convert/`} fault={fault}>
          <Field label="Owner of the organization" name="owner" required maxlength={30} />
          <Actions>
            <button type="submit" class="danger">
              Turn into an organization
            </button>
          </Actions>
        </Form>
      </Panel>
      <Panel title="Delete the account" tone="danger">
        <Form visitor={visitor} action={`${path}delete/`} fault={fault}>
          <Checkbox label="Also delete its repositories" name="repositories" checked={false} />
          <Field
            label={`Type ${username} to confirm`}
            name="confirmation"
            required
            autocomplete="off"
            expects={username}
          />
          <Actions>
            <button type="submit" class="danger">
              Delete this account
            </button>
          </Actions>
        </Form>
      </Panel>
    </>
  );
}

async function userPage(ctx: Context, { caller, params }: WebExchange<'administrator'>, fault?: Fault): Promise<Reply> {
  const user = await showUser(ctx, caller.actor, params['name'] ?? '');
  const { username } = user;
  const path = `/admin/users/${username}/`;
  const { plan, slots } = await getNamespaceSettings(ctx, caller.actor, username);
  const plans = await listPlans(ctx);
  return page(
    caller,
    { title: username, section: 'admin', status: fault?.status ?? 200 },
    <AdministrationFrame title={username} subtitle={user.email ?? 'No email address'} current="/admin/users/">
      <Problem fault={fault} />
      <AccountPanel user={user} visitor={caller} path={path} />
      <Panel title="Plan">
        {slots !== undefined && (
          <p>
            {slots.used} of {slots.limit ?? 'unlimited'} private repositories used.
          </p>
        )}
        <PlanForm visitor={caller} action={`${path}plan/`} plans={plans} current={plan} />
      </Panel>
      <DangerPanels username={username} visitor={caller} path={path} fault={fault} />
    </AdministrationFrame>,
  );
}

export const getUserPage: WebHandler<'administrator'> = (ctx, exchange) => userPage(ctx, exchange);

/**
 * A form that does something to an account.
 *
 * @param act - returns the notice, and the next page if that is not the account
 */
function acting(
  act: (
    ctx: Context,
    username: string,
    exchange: WebExchange<'administrator-form'>,
  ) => Promise<{ notice: string; to?: string }>,
): WebHandler<'administrator-form'> {
  return async (ctx, exchange) => {
    const { username } = await showUser(ctx, exchange.caller.actor, exchange.params['name'] ?? '');
    const { done, fault } = await attempt(() => act(ctx, username, exchange));
    if (fault !== undefined) return userPage(ctx, exchange, fault);
    return redirect(exchange.caller, done.to ?? `/admin/users/${username}/`, { notice: done.notice });
  };
}

export const postStatus = acting(async (ctx, username, { caller }) => {
  const status = { isActive: caller.form.isOn('active'), isAdmin: caller.form.isOn('admin') };
  await setStatus(ctx, caller.actor, username, status);
  return { notice: `${username} is now ${status.isActive ? 'active' : 'inactive'}.` };
});

export const postPlan = acting(async (ctx, username, { caller }) => {
  const plan = caller.form.required('plan', 'The plan');
  await updateNamespace(ctx, caller.actor, username, { plan });
  return { notice: `${username} now has the plan ${plan}.` };
});

export const postConvert = acting(async (ctx, username, { caller }) => {
  const owner = caller.form.required('owner', 'The owner');
  await naming(() => convertUser(ctx, caller.actor, username, owner), 'owner');
  return { notice: `${username} is now an organization owned by ${owner}.`, to: '/admin/users/' };
});

export const postDelete = acting(async (ctx, username, { caller }) => {
  if (caller.form.text('confirmation') !== username) {
    throw fieldError('invalid', 'confirmation', `Type ${username} to confirm`);
  }
  if (caller.form.isOn('repositories')) await deleteUserWithRepositories(ctx, caller.actor, username);
  else await deleteUserAccount(ctx, caller.actor, username);
  return { notice: `The account ${username} was deleted.`, to: '/admin/users/' };
});
