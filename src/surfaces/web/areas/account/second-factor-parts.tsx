import { Ago, plural } from '../../components/quantities';
import { Actions, Field, Form } from '../../components/forms';
import { CopyLine, Panel } from '../../components/page-parts';
import { QrCode } from '../../components/qr-code';
import type { SecondFactor } from '../../../../features/accounts/second-factor';
import type { Children, View } from '../../view';
import type { Visitor } from '../../visitor';

/** The path of the pages of the second factor. */
export const SECOND_FACTOR = '/account/second-factor/';

interface CodeFormProps {
  readonly visitor: Visitor;
  readonly action: string;
  /** the id of the field; a page may have several forms */
  readonly id: string;
  readonly button: string;
  readonly isDangerous?: boolean;
  readonly children?: Children;
}

function CodeForm({ visitor, action, id, button, isDangerous = false, children }: CodeFormProps): View {
  return (
    <Form visitor={visitor} action={SECOND_FACTOR + action}>
      {children}
      <Field label="Code" name="code" id={id} required maxlength={40} autocomplete="one-time-code" />
      <Actions>
        <button type="submit" {...(isDangerous ? { class: 'danger' } : {})}>
          {button}
        </button>
      </Actions>
    </Form>
  );
}

/** The second factor explained, for a user who has none. */
export function Offer({ visitor }: { visitor: Visitor }): View {
  return (
    <Panel>
      <p>With two-factor authentication, signing in takes your password and a code from an app on your phone.</p>
      <p>
        Docker engines cannot ask for a code. They will have to log in with an{' '}
        <a href="/account/tokens/">access token</a> instead: create one first for each engine that uses your password
        now.
      </p>
      <Form visitor={visitor} action={`${SECOND_FACTOR}begin/`}>
        <Actions>
          <button type="submit">Set up</button>
        </Actions>
      </Form>
    </Panel>
  );
}

/** The secret, for the app, and a form that turns the second factor on. */
export function SetUp({ visitor, uri, secret }: { visitor: Visitor; uri: string; secret: string }): View {
  return (
    <Panel title="Set up">
      <p>Scan this QR code with an authenticator app, such as Aegis, FreeOTP or Google Authenticator.</p>
      <QrCode text={uri} label="QR code of the secret, which is also shown below as text" />
      <p>Or enter the secret by hand:</p>
      <CopyLine text={secret} label="The secret" />
      <CodeForm visitor={visitor} action="confirm/" id="code" button="Turn on">
        <input type="hidden" name="uri" value={uri} />
        <p>Then enter the six digits shown in the app. This ends all your other sessions.</p>
      </CodeForm>
    </Panel>
  );
}

/** The codes for a lost phone; they are shown only once. */
export function RecoveryCodes({ codes }: { codes: readonly string[] }): View {
  return (
    <Panel title="Your recovery codes">
      <p>
        Print this page or write the codes down: they will not be shown again. Each code signs you in once without your
        phone.
      </p>
      <pre tabindex={0}>{codes.join('\n')}</pre>
      <Actions>
        <button type="button" class="small" data-copy={codes.join('\n')} hidden>
          Copy
        </button>
        <a class="button" href={SECOND_FACTOR}>
          I have saved them
        </a>
      </Actions>
    </Panel>
  );
}

/** What a user can do while the second factor is on. */
export function Manage({ visitor, factor }: { visitor: Visitor; factor: SecondFactor }): View {
  return (
    <>
      <Panel>
        <p>
          Two-factor authentication is on
          {factor.since !== undefined && (
            <>
              , since <Ago at={factor.since} />
            </>
          )}
          . You have {plural(factor.recoveryCodesLeft, 'recovery code')} left.
        </p>
        <p>
          Docker engines log in with an <a href="/account/tokens/">access token</a>, not with your password.
        </p>
      </Panel>
      <Panel title="New recovery codes">
        <p>The old codes stop working. Enter a code from the app or one of the old codes.</p>
        <CodeForm visitor={visitor} action="renew/" id="renew-code" button="Create new codes" />
      </Panel>
      <Panel title="Turn off" tone="danger">
        <p>The password alone will then be enough to sign in. Enter a code from the app or a recovery code.</p>
        <CodeForm visitor={visitor} action="off/" id="off-code" button="Turn off" isDangerous />
      </Panel>
    </>
  );
}
