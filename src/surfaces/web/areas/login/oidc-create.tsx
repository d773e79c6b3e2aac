import type { Context } from '../../../../context';
import type { ProviderUser } from '../../../../features/openid/claims';
import { proposeName } from '../../../../features/openid/names';
import { sealUser } from '../../../../features/openid/pending';
import { assertMayRegister, registrationOf } from '../../../../features/openid/registration';
import type { Reply } from '../../../../platform/http/exchange';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Heading, Panel } from '../../components/page-parts';
import { UsernameField } from '../../components/username-field';
import { attempt, type Fault } from '../../problems';
import { page } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { loginPage } from './login';
import { withNext } from './next';

const PATH = '/account/login/oidc/create/';

interface Asked {
  readonly user: ProviderUser;
  readonly next: string;
  readonly typed?: { readonly username: string; readonly email: string };
  readonly fault?: Fault;
}

function TakenAddressHint({ email, name }: { email: string | undefined; name: string }): View {
  return (
    <p class="notice">
      An account here has the address {email}. If it is yours, sign in with its password and link it to {name} under
      Password. A new account does not get the address.
    </p>
  );
}

/** The page on which a user of the provider who has no account here chooses a username. */
export async function createAccountPage(
  ctx: Context,
  visitor: Visitor,
  { user, next, ...more }: Asked,
): Promise<Reply> {
  const { fault: refused } = await attempt(() => Promise.resolve().then(() => assertMayRegister(ctx)));
  if (refused !== undefined) return loginPage(visitor, { next, fault: refused });
  const { email, needsEmail, isEmailTaken } = await registrationOf(ctx, user);
  const { fault, typed } = more;
  const name = visitor.providerName ?? '';
  return page(
    visitor,
    { title: 'Create your account', isNarrow: true, status: fault?.status ?? 200, headers: fault?.headers ?? {} },
    <>
      <Heading title="Create your account" />
      <Panel>
        <Problem fault={fault} />
        <p>
          {name} knows you{user.email === undefined ? '' : ` as ${user.email}`}. You have no account here yet: choose
          its username.
        </p>
        {isEmailTaken && <TakenAddressHint email={user.email} name={name} />}
        <Form visitor={visitor} fault={fault} action={PATH}>
          <input type="hidden" name="next" value={next} />
          <input type="hidden" name="ticket" value={sealUser(ctx, user)} />
          <UsernameField
            hubLimits={ctx.settings.hubLimits}
            value={typed?.username ?? (await proposeName(ctx, user.calledName))}
            autocomplete="username"
            note="Your repositories are pulled under this name."
          />
          {needsEmail && (
            <Field
              label="Email address"
              name="email"
              type="email"
              value={typed?.email ?? (isEmailTaken ? '' : user.email)}
              required
              maxlength={254}
              autocomplete="email"
              hint="We will send you a link to confirm it."
            />
          )}
          {email !== undefined && <p class="fine">Your account gets the address {email}.</p>}
          <Actions>
            <button type="submit">Create account</button>
          </Actions>
        </Form>
      </Panel>
      <p>
        Do you have an account here already? <a href={withNext('/account/login/', next)}>Sign in with its password</a>,
        and link it to {name} under Password.
      </p>
    </>,
  );
}
