import type { Context } from '../../../../context';
import { changePassword } from '../../../../features/accounts/password-change';
import { sendPasswordReset } from '../../../../features/accounts/password-reset';
import { turnOffSecondFactor } from '../../../../features/accounts/second-factor';
import { showUser } from '../../../../features/accounts/user-list';
import { setStatus } from '../../../../features/namespaces/account-status';
import { deleteUserAccount } from '../../../../features/namespaces/account-deletion';
import { convertUser } from '../../../../features/namespaces/organizations';
import { listPlans } from '../../../../features/namespaces/plans';
import { getNamespaceSettings, updateNamespace } from '../../../../features/namespaces/settings';
import { deleteUserWithRepositories } from '../../../../features/repositories/owner-deletion';
import { AppError, fieldError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { PlanForm } from '../../components/plan-form';
import { slotsUsed } from '../../components/visibility-choice';
import { attempt, naming, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { AdministrationFrame } from './frame';
import { AccountPanel, DangerPanels, LoginPanel } from './user-parts';

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
      {user.robotOf === undefined && <LoginPanel user={user} visitor={caller} path={path} fault={fault} />}
      <Panel title="Plan">
        {slots !== undefined && <p>{slotsUsed(slots)}.</p>}
        <p>
          <a href={`/admin/namespaces/${username}/`}>Storage and its limit</a>
        </p>
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

export const postPassword = acting(async (ctx, username, { caller }) => {
  const given = { password: caller.form.raw('password'), current: '' };
  if ((await changePassword(ctx, caller.actor, username, given)) === 'wrong') {
    throw new AppError('invalid', 'Change your own password in your settings');
  }
  return { notice: `The password of ${username} was changed. Tell it to them.` };
});

export const postReset = acting(async (ctx, username, { caller }) => {
  await sendPasswordReset(ctx, caller.actor, username);
  if (ctx.mailer.isConfigured) return { notice: `A link to set a new password is on its way to ${username}.` };
  return { notice: `This server sends no mail: the link for ${username} is in its log.` };
});

export const postSecondFactor = acting(async (ctx, username, { caller }) => {
  await turnOffSecondFactor(ctx, caller.actor, username);
  return { notice: `${username} now logs in with the password alone.` };
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
