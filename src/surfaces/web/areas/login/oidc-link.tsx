import type { Needs } from '../../../../context';
import type { ProviderUser } from '../../../../features/openid/claims';
import { link, unlink } from '../../../../features/openid/linking';
import { readUser, sealUser } from '../../../../features/openid/pending';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { Actions, Form, Problem } from '../../components/forms';
import { Heading, Panel } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { nextOf } from './next';

/** The page that shows the linked sign-ins of an account. */
export const SIGN_INS = '/account/password/';

/** The page that asks whether to link a user of the provider to the account that is signed in. */
export function linkPage(
  ctx: Needs<'tokenKey'>,
  member: Member,
  { user, next, fault }: { readonly user: ProviderUser; readonly next: string; readonly fault?: Fault },
): Reply {
  const name = member.providerName ?? '';
  const title = `Link ${name}`;
  return page(
    member,
    { title, isNarrow: true, status: fault?.status ?? 200, headers: fault?.headers ?? {} },
    <>
      <Heading title={title} />
      <Panel>
        <Problem fault={fault} />
        <p>
          {name} knows you as <strong>{user.email ?? user.calledName}</strong>. From now on, this user of {name} will be
          able to sign in here as <strong>{member.login.account.username}</strong>.
        </p>
        <Form visitor={member} fault={fault} action="/account/sign-ins/link/">
          <input type="hidden" name="next" value={next} />
          <input type="hidden" name="ticket" value={sealUser(ctx, user)} />
          <Actions>
            <button type="submit">Link it to my account</button>
            <a href={SIGN_INS}>Cancel</a>
          </Actions>
        </Form>
      </Panel>
    </>,
  );
}

export const postLink: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { form, login } = caller;
  const next = nextOf(form.raw('next'));
  const user = readUser(ctx, form.raw('ticket'));
  if (user === undefined) {
    return redirect(caller, SIGN_INS, { notice: { text: 'That took too long. Start again.', kind: 'problem' } });
  }
  const { fault } = await attempt(() => link(ctx, caller.actor, login.account.username, user));
  if (fault !== undefined) return linkPage(ctx, caller, { user, next, fault });
  return redirect(caller, next, { notice: `Your account is linked to ${caller.providerName ?? 'the provider'}.` });
};

export const postUnlink: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { fault } = await attempt(() => unlink(ctx, caller.actor, caller.login.account.username, caller.form.id('id')));
  const notice = fault === undefined ? 'The sign-in was unlinked.' : { text: fault.text, kind: 'problem' as const };
  return redirect(caller, SIGN_INS, { notice });
};
