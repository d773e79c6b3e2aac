import type { User } from '../../../../features/accounts/users';
import { DangerButton, ActButton } from '../../components/buttons';
import { Actions, Checkbox, Field, Form } from '../../components/forms';
import { NewPasswordField } from '../../components/new-password-field';
import { Panel } from '../../components/page-parts';
import { Moment } from '../../components/quantities';
import type { Fault } from '../../problems';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';

/* The parts of the page of an account, for administrators. */

interface Place {
  readonly visitor: Visitor;
  /** the base path of the account's pages */
  readonly path: string;
}

/** The account, and whether it is active and an administrator. */
export function AccountPanel({ user, visitor, path }: Place & { readonly user: User }): View {
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

/** Ways to let a user in who cannot log in: a new password, a mail with a link, and the password without a code. */
export function LoginPanel({
  user,
  visitor,
  path,
  fault,
}: Place & {
  readonly user: User & { readonly hasSecondFactor: boolean };
  readonly fault: Fault | undefined;
}): View {
  const { username, email, hasSecondFactor } = user;
  if (username === visitor.login?.account.username) return <></>;
  return (
    <Panel title="Log-in">
      <p>A new password ends all sessions of {username}. Their access tokens keep working.</p>
      <Form visitor={visitor} action={`${path}password/`} fault={fault}>
        <NewPasswordField label="New password" />
        <Actions>
          <button type="submit">Set the password</button>
        </Actions>
      </Form>
      <div class="actions">
        {email !== undefined && (
          <ActButton visitor={visitor} action={`${path}reset/`} class="quiet">
            Send a reset link
          </ActButton>
        )}
        {hasSecondFactor && (
          <DangerButton
            visitor={visitor}
            action={`${path}second-factor/`}
            class="quiet"
            text="Turn off two-factor authentication"
            question={`The password of ${username} is then enough to log in.`}
          />
        )}
      </div>
    </Panel>
  );
}

/** What ends the account. */
export function DangerPanels({
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
