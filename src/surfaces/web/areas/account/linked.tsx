import type { LinkableProvider, LinkedAccount } from '../../../../features/builds/linked/linked-accounts';
import { listLinkedAccounts, listProviders, unlinkAccount } from '../../../../features/builds/linked/linked-accounts';
import type { Context } from '../../../../context';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { DangerButton } from '../../components/buttons';
import { Actions, Checkbox, Form } from '../../components/forms';
import { Badge, Empty, Panel, Table } from '../../components/page-parts';
import { Ago } from '../../components/quantities';
import { redirect } from '../../reply';
import type { View } from '../../view';
import { accountPage, usernameOf } from './frame';

/** The page of linked accounts. */
export const LINKED = '/account/linked/';

const ACCESS = { full: 'Public and private', limited: 'Limited' } as const;

const CHOICES = [
  {
    access: 'full',
    label: 'Public and private (recommended)',
    hint: 'This server adds the hook and a read-only deploy key, and reports there how builds end.',
  },
  { access: 'limited', label: 'Limited', hint: 'Only public repositories. You add the hook yourself.' },
] as const;

function Rows({ member, accounts }: { member: Member; accounts: readonly LinkedAccount[] }): View {
  return (
    <Table caption="Linked accounts" head={['Provider', 'User', 'Access', 'Since', '']}>
      {accounts.map((account) => (
        <tr>
          <td>
            {account.providerName} {account.problem !== undefined && <Badge tone="bad">does not work</Badge>}
            {account.problem !== undefined && <small class="hint">{account.problem}.</small>}
          </td>
          <td class="text">
            {account.problem === undefined ? (
              <a href={`${LINKED}${account.provider}/`}>{account.login}</a>
            ) : (
              account.login
            )}
          </td>
          <td>{ACCESS[account.access]}</td>
          <td>
            <Ago at={account.since} />
          </td>
          <td class="number">
            <DangerButton
              visitor={member}
              action={`${LINKED}unlink/`}
              fields={{ id: String(account.id) }}
              label={`Unlink ${account.login} of ${account.providerName}`}
              text="Unlink"
              question="Hooks and deploy keys that were added there are removed. Pushes there no longer start builds."
            />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** The choice of access, and the button that leads to a provider. */
function Connect({
  member,
  provider,
  isLinked,
}: {
  readonly member: Member;
  readonly provider: LinkableProvider;
  readonly isLinked: boolean;
}): View {
  const { kind, name, baseUrl } = provider;
  return (
    <Panel title={isLinked ? `Link ${name} again` : `Link ${name}`}>
      <p>
        {isLinked ? 'To renew or change what this server may do there.' : `Build from your repositories at ${baseUrl}.`}
      </p>
      <Form visitor={member} action={`${LINKED}connect/`}>
        <input type="hidden" name="provider" value={kind} />
        <fieldset>
          <legend>Access</legend>
          {CHOICES.map(({ access, label, hint }) => (
            <Checkbox
              type="radio"
              name="access"
              id={`${kind}-${access}`}
              value={access}
              checked={access === 'full'}
              label={label}
              hint={hint}
            />
          ))}
        </fieldset>
        <Actions>
          <button type="submit">Continue to {name}</button>
        </Actions>
      </Form>
    </Panel>
  );
}

function originOf(url: string): string {
  return new URL(url).origin;
}

async function linkedPage(ctx: Context, member: Member): Promise<Reply> {
  const accounts = await listLinkedAccounts(ctx, member.actor, usernameOf(member));
  const providers = listProviders(ctx);
  const isLinked = (one: LinkableProvider): boolean =>
    accounts.some(({ provider, baseUrl }) => provider === one.kind && baseUrl === one.baseUrl);
  const content = (
    <>
      <p>Automated builds read the source of an image from your account at a git provider.</p>
      {accounts.length > 0 && <Rows member={member} accounts={accounts} />}
      {accounts.length > 0 && <p>Follow a user to choose the repository that is built.</p>}
      {providers.length === 0 && (
        <Empty title="No provider can be linked">
          <p>The operator of this server has not configured one. A repository can still be built from any git URL.</p>
        </Empty>
      )}
      {providers.map((provider) => (
        <Connect member={member} provider={provider} isLinked={isLinked(provider)} />
      ))}
    </>
  );
  const formAction = providers.map(({ baseUrl }) => originOf(baseUrl));
  return accountPage(member, LINKED, content, { formAction });
}

export const getLinked: WebHandler<'member'> = (ctx, { caller }) => linkedPage(ctx, caller);

export const postUnlinkAccount: WebHandler<'member-form'> = async (ctx, { caller }) => {
  await unlinkAccount(ctx, caller.actor, usernameOf(caller), caller.form.id('id'));
  return redirect(caller, LINKED, { notice: 'The account was unlinked.' });
};
