import type { Context } from '../../../../context';
import { listFormerNames, RENAME_LIMITS, renameAccount } from '../../../../features/repositories/renaming';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { Actions, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { UsernameField } from '../../components/username-field';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { accountPage, usernameOf } from './frame';

async function usernamePage(ctx: Context, member: Member, typed?: string, fault?: Fault): Promise<Reply> {
  const username = usernameOf(member);
  const former = await listFormerNames(ctx, member.actor, username);
  const names = former.map(({ name }) => name).join(', ');
  return accountPage(
    member,
    '/account/username/',
    <>
      <Panel>
        <Problem fault={fault} />
        <p>
          Your repositories move with you: the part of their names before the slash, now <code>{username}</code>,
          becomes your new username.
        </p>
        <ul>
          <li>Pulls by the old name still work, and so do logins with it: old hosts need no change.</li>
          <li>Pushes need the new name.</li>
          <li>
            Nobody else can take the old name, and you can go back to it. You can rename your account{' '}
            {RENAME_LIMITS.renames} times in {RENAME_LIMITS.days} days.
          </li>
        </ul>
        <Form visitor={member} fault={fault}>
          <UsernameField hubLimits={ctx.settings.hubLimits} value={typed ?? username} autocomplete="off" />
          <Actions>
            <button type="submit">Rename account</button>
          </Actions>
        </Form>
      </Panel>
      {former.length > 0 && (
        <Panel title="Former names">
          <p>You still get pulls and logins by {names}.</p>
        </Panel>
      )}
    </>,
    fault,
  );
}

export const getUsername: WebHandler<'member'> = (ctx, { caller }) => usernamePage(ctx, caller);

export const postUsername: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const typed = caller.form.text('username');
  const { done, fault } = await attempt(() => renameAccount(ctx, caller.actor, usernameOf(caller), typed));
  if (fault !== undefined) return usernamePage(ctx, caller, typed, fault);
  return redirect(caller, '/account/username/', { notice: `Your account is now called ${done}.` });
};
