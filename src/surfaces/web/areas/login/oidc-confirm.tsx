import type { Needs } from '../../../../context';
import { confirmByProvider, isConfirmation, sealConfirmation } from '../../../../features/openid/confirm';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Heading, Panel } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { nextOf } from './next';

const PATH = '/account/login/oidc/confirm/';

/** After the provider, the code of the second factor. */
export function confirmCodePage(
  ctx: Needs<'tokenKey'>,
  member: Member,
  { next, fault }: { readonly next: string; readonly fault?: Fault },
): Reply {
  return page(
    member,
    { title: 'Second step', isNarrow: true, status: fault?.status ?? 200, headers: fault?.headers ?? {} },
    <>
      <Heading title="Second step" />
      <Panel>
        <Problem fault={fault} />
        <Form visitor={member} fault={fault} action={PATH}>
          <input type="hidden" name="next" value={next} />
          <input type="hidden" name="ticket" value={sealConfirmation(ctx, member.login.session.id)} />
          <Field
            label="Code"
            name="code"
            required
            maxlength={40}
            autocomplete="one-time-code"
            autofocus
            hint="The six digits in your authenticator app, or a recovery code."
          />
          <Actions>
            <button type="submit">Confirm</button>
          </Actions>
        </Form>
      </Panel>
    </>,
  );
}

const WRONG_CODE: Fault = {
  text: 'The code is wrong or has already been used. Wait for the next one and try again.',
  status: 400,
};

export const postConfirmCode: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { form, login, address } = caller;
  const next = nextOf(form.raw('next'));
  const { userId, username } = login.account;
  if (!isConfirmation(ctx, form.raw('ticket'), login.session.id)) {
    return redirect(caller, next, { notice: { text: 'That took too long. Start again.', kind: 'problem' } });
  }
  const own = { id: login.session.id, userId, username, address };
  const { done, fault } = await attempt(() => confirmByProvider(ctx, own, form.text('code')));
  if (fault !== undefined) return confirmCodePage(ctx, caller, { next, fault });
  if (!done) return confirmCodePage(ctx, caller, { next, fault: WRONG_CODE });
  return redirect(caller, next, { notice: 'Thank you. Now repeat what you wanted to do.' });
};
