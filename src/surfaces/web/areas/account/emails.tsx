import type { Context } from '../../../../context';
import { resendConfirmation, setPrimaryEmail } from '../../../../features/accounts/confirmation';
import { addEmail, listEmails, removeEmail, type Email } from '../../../../features/accounts/emails';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { ActButton, DangerButton } from '../../components/buttons';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Badge, Panel, Table } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import type { View } from '../../view';
import { accountPage, usernameOf } from './frame';

const PATH = '/account/emails/';

const ACTS = {
  primary: 'Make primary',
  resend: 'Send confirmation link',
} as const;

type Act = keyof typeof ACTS;

function actsOn({ isPrimary, isVerified }: Email): Act[] {
  return [...(isVerified && !isPrimary ? (['primary'] as const) : []), ...(isVerified ? [] : (['resend'] as const))];
}

function EmailRow({ member, email }: { member: Member; email: Email }): View {
  const { address, isPrimary, isVerified } = email;
  return (
    <tr>
      <td>
        {address} {isPrimary && <Badge tone="good">primary</Badge>}{' '}
        {!isVerified && <Badge tone="warn">not confirmed</Badge>}
      </td>
      <td class="number">
        {actsOn(email).map((act) => (
          <ActButton
            visitor={member}
            action={`${PATH}${act}/`}
            fields={{ email: address }}
            label={`${ACTS[act]}: ${address}`}
          >
            {ACTS[act]}
          </ActButton>
        ))}
        {!isPrimary && (
          <DangerButton
            visitor={member}
            action={`${PATH}remove/`}
            fields={{ email: address }}
            label={`Remove: ${address}`}
            text="Remove"
            question="Mails to your account no longer go there."
          />
        )}
      </td>
    </tr>
  );
}

async function emailsPage(ctx: Context, member: Member, typed = '', fault?: Fault): Promise<Reply> {
  const emails = await listEmails(ctx, member.actor, usernameOf(member));
  return accountPage(
    member,
    PATH,
    <>
      <Problem fault={fault} />
      <Table caption="Your email addresses" head={['Address', '']}>
        {emails.map((email) => (
          <EmailRow member={member} email={email} />
        ))}
      </Table>
      <Panel title="Add an address">
        <Form visitor={member} fault={fault}>
          <Field
            label="Email address"
            name="email"
            type="email"
            value={typed}
            required
            maxlength={254}
            autocomplete="email"
            hint="You can make it the primary one after confirming it."
          />
          <Actions>
            <button type="submit">Add</button>
          </Actions>
        </Form>
      </Panel>
    </>,
    fault,
  );
}

export const getEmails: WebHandler<'member'> = (ctx, { caller }) => emailsPage(ctx, caller);

export const postEmail: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const email = caller.form.text('email');
  const { fault } = await attempt(() => addEmail(ctx, caller.actor, usernameOf(caller), email));
  if (fault !== undefined) return emailsPage(ctx, caller, email, fault);
  return redirect(caller, PATH, { notice: `${email} was added. Now send the confirmation link to it.` });
};

function emailAct(notice: string, act: (ctx: Context, member: Member, email: string) => Promise<void>) {
  const handle: WebHandler<'member-form'> = async (ctx, { caller }) => {
    const { fault } = await attempt(() => act(ctx, caller, caller.form.text('email')));
    return fault === undefined ? redirect(caller, PATH, { notice }) : emailsPage(ctx, caller, '', fault);
  };
  return handle;
}

export const postPrimary = emailAct('Your primary address was changed.', (ctx, { actor }, email) =>
  setPrimaryEmail(ctx, actor, email),
);

export const postResend = emailAct('The email is on its way: open the link in it.', (ctx, { actor }, email) =>
  resendConfirmation(ctx, actor, email),
);

export const postRemove = emailAct('The address was removed.', (ctx, member, email) =>
  removeEmail(ctx, member.actor, usernameOf(member), email),
);
