import type { AccessToken, NewAccessToken } from '../../../features/accounts/access-tokens';
import { ACCESS_LEVELS, type AccessLevel } from '../../../features/access/actor';
import { fieldError } from '../../../platform/errors';
import type { Form as SentForm } from '../form';
import type { Fault } from '../problems';
import type { View } from '../view';
import type { Visitor } from '../visitor';
import { Ago } from './quantities';
import { DangerButton } from './buttons';
import { Actions, Field, Form, Select, TextArea } from './forms';
import { Badge, CopyLine, Empty, Panel, Table } from './page-parts';

/* Access tokens of people and robots. */

const DAY_MS = 86_400_000;

const LIFETIMES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'One year' },
  { value: '', label: 'Never' },
];

const ACCESSES = [
  { value: 'read', label: 'Read: pull' },
  { value: 'write', label: 'Write: pull and push' },
  { value: 'admin', label: 'Admin: also change settings and delete' },
];

/** The values that were typed into the form of a new token. */
export interface TypedToken {
  readonly name: string;
  readonly access: string;
  readonly days: string;
  readonly repositories: string;
}

/** Reads the form of a new token. */
export function typedToken(form: SentForm): TypedToken {
  return {
    name: form.text('name'),
    access: form.text('access'),
    days: form.text('days'),
    repositories: form.lines('repositories').trim(),
  };
}

function isAccessLevel(text: string): text is AccessLevel {
  return (ACCESS_LEVELS as readonly string[]).includes(text);
}

/** @throws AppError `invalid` */
export function newTokenFrom({ name, access, days, repositories }: TypedToken): NewAccessToken {
  if (!isAccessLevel(access)) throw fieldError('invalid', 'access', 'Choose what the token can do');
  if (!LIFETIMES.some(({ value }) => value === days))
    throw fieldError('invalid', 'days', 'Choose how long the token is valid');
  const names = repositories.split(/[\s,]+/).filter((text) => text !== '');
  return {
    name,
    access,
    repositories: names.length === 0 ? undefined : names,
    expiresAt: days === '' ? undefined : new Date(Date.now() + Number(days) * DAY_MS),
  };
}

/** The form of a new token. */
export function NewTokenForm({
  visitor,
  typed,
  fault,
}: {
  visitor: Visitor;
  typed: TypedToken | undefined;
  fault: Fault | undefined;
}): View {
  return (
    <Form visitor={visitor} fault={fault}>
      <Field
        label="Name"
        name="name"
        value={typed?.name}
        required
        maxlength={100}
        hint="What it is for, such as the host that will use it"
      />
      <Select label="Permissions" name="access" value={typed?.access ?? 'read'} options={ACCESSES} />
      <Select label="Expires after" name="days" value={typed?.days ?? '90'} options={LIFETIMES} />
      <TextArea
        label="Limit to these repositories"
        name="repositories"
        value={typed?.repositories ?? ''}
        rows={2}
        hint="One per line, such as acme/app. Leave empty for all repositories the account can access."
      />
      <Actions>
        <button type="submit">Create token</button>
      </Actions>
    </Form>
  );
}

/** A token that was just created; its secret is shown only once. */
export function MadeToken({ secret, username, host }: { secret: string; username: string; host: string }): View {
  return (
    <Panel title="Copy the token now">
      <p>It will not be shown again. Use it instead of the password:</p>
      <CopyLine text={secret} label="The access token" />
      <CopyLine text={`docker login -u ${username} -p ${secret} ${host}`} label="Log in with it" />
    </Panel>
  );
}

/**
 * A table of tokens.
 *
 * @param revoke - the path of the form of each token's button; its field is `id`
 */
export function TokenTable({
  visitor,
  tokens,
  revoke,
}: {
  visitor: Visitor;
  tokens: readonly AccessToken[];
  revoke: string;
}): View {
  if (tokens.length === 0) {
    return (
      <Empty title="No access tokens yet">
        <p>A token replaces the password for one host or script, and can be revoked separately.</p>
      </Empty>
    );
  }
  const now = new Date();
  return (
    <Table caption="Access tokens" head={['Name', 'Access', 'Last used', 'Expires', '']}>
      {tokens.map(({ id, name, access, repositories, expiresAt, lastUsedAt, lastUsedAddress }) => (
        <tr>
          <td>
            {name}
            {repositories !== undefined && <div class="fine">only {repositories.join(', ')}</div>}
          </td>
          <td>
            <Badge tone={access === 'read' ? 'plain' : 'warn'}>{access}</Badge>
          </td>
          <td>
            {lastUsedAt === undefined ? 'never' : <Ago at={lastUsedAt} />}
            {lastUsedAddress !== undefined && <div class="fine">from {lastUsedAddress}</div>}
          </td>
          <td>
            {expiresAt === undefined ? (
              'never'
            ) : expiresAt <= now ? (
              <Badge tone="bad">expired</Badge>
            ) : (
              <Ago at={expiresAt} />
            )}
          </td>
          <td class="number">
            <DangerButton
              visitor={visitor}
              action={revoke}
              fields={{ id: String(id) }}
              label={`Revoke ${name}`}
              text="Revoke"
              question="Hosts and scripts that use it are refused at once."
            />
          </td>
        </tr>
      ))}
    </Table>
  );
}
