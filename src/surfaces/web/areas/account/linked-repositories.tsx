import type { Context } from '../../../../context';
import { listRemoteRepositories } from '../../../../features/builds/linked/linked-source';
import {
  listLinkedAccounts,
  listLinkedRepositories,
  type LinkedAccount,
  type LinkedRepository,
} from '../../../../features/builds/linked/linked-accounts';
import { readFullName } from '../../../../features/repositories/names';
import { AppError } from '../../../../platform/errors';
import type { RepositoryPage } from '../../../../platform/providers/git-provider';
import type { Member, WebHandler } from '../../access';
import { Field, Problem } from '../../components/forms';
import { HookState } from '../../components/hook-state';
import { Badge, Empty, Panel, Table } from '../../components/page-parts';
import { faultOf, type Fault } from '../../problems';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import { accountPage, usernameOf } from './frame';
import { LINKED } from './linked';

/* The repositories at a provider from which a member can build. */

/** The linked account of a member at a provider. @throws AppError `not_found` */
export async function accountAt(ctx: Context, member: Member, provider: string | undefined): Promise<LinkedAccount> {
  const accounts = await listLinkedAccounts(ctx, member.actor, usernameOf(member));
  const ofProvider = accounts.filter((one) => one.provider === provider);
  // The operator may have moved the provider to another address since one of them was linked.
  const account = ofProvider.find(({ problem }) => problem === undefined) ?? ofProvider[0];
  if (account === undefined) throw new AppError('not_found', 'You have not linked an account of this provider');
  return account;
}

function Search({ value }: { value: string }): View {
  return (
    <form class="filters" role="search" aria-label="Repositories at the provider">
      <Field label="Search by name" name="search" type="search" value={value} maxlength={100} />
      <button type="submit" class="quiet">
        Search
      </button>
    </form>
  );
}

function Rows({ account, page }: { account: LinkedAccount; page: RepositoryPage }): View {
  return (
    <Table caption={`Repositories at ${account.providerName}`} head={['Repository', 'Default branch', '']}>
      {page.repositories.map(({ fullName, isPrivate, defaultBranch }) => (
        <tr>
          <td class="text">
            {fullName} {isPrivate && <Badge>private</Badge>}
          </td>
          <td class="text">{defaultBranch ?? 'none'}</td>
          <td class="number">
            <a
              class="button quiet small"
              href={`${LINKED}${account.provider}/add/?${new URLSearchParams({ repository: fullName }).toString()}`}
              aria-label={`Build ${fullName}`}
            >
              Build
            </a>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Built({ account, built }: { account: LinkedAccount; built: readonly LinkedRepository[] }): View {
  return (
    <Panel title="Built from it">
      <Table caption="Automated repositories" head={['Repository', `At ${account.providerName}`, 'Hook']}>
        {built.map(({ name, fullName, state, error }) => (
          <tr>
            <td class="text">
              <a href={`${repositoryPath(readFullName(name))}builds/`}>{name}</a>
            </td>
            <td class="text">{fullName}</td>
            <td>
              <HookState state={state} error={error} />
            </td>
          </tr>
        ))}
      </Table>
      {built.some(({ state }) => state === 'failed') && (
        <p class="fine">What failed is tried again when you link the account again.</p>
      )}
    </Panel>
  );
}

function nextPath(account: LinkedAccount, search: string, cursor: string): string {
  return `${LINKED}${account.provider}/?${new URLSearchParams({ search, cursor }).toString()}`;
}

async function pageOrFault(work: Promise<RepositoryPage>): Promise<{ page?: RepositoryPage; fault?: Fault }> {
  try {
    return { page: await work };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { fault: faultOf(error) };
  }
}

export const getLinkedRepositories: WebHandler<'member'> = async (ctx, { caller, params, query }) => {
  const account = await accountAt(ctx, caller, params['provider']);
  const search = (query.get('search') ?? '').trim();
  const of = { username: usernameOf(caller), id: account.id };
  const cursor = query.get('cursor') ?? undefined;
  const { page, fault } = await pageOrFault(listRemoteRepositories(ctx, caller.actor, of, { search, cursor }));
  const built = await listLinkedRepositories(ctx, caller.actor, of.username, of.id);
  const isLimited = account.access === 'limited';
  const content = (
    <>
      <p>
        Choose the repository of {account.login} that becomes an image. {isLimited && 'Only public ones are listed.'}
      </p>
      <Problem fault={fault} />
      <Search value={search} />
      {page?.repositories.length === 0 && (
        <Empty title="No repositories">
          <p>Only repositories {isLimited ? 'that you can reach' : 'that you administer there'} are listed.</p>
        </Empty>
      )}
      {page !== undefined && page.repositories.length > 0 && <Rows account={account} page={page} />}
      {page?.next !== undefined && (
        <p>
          <a href={nextPath(account, search, page.next)}>Next page</a>
        </p>
      )}
      {built.length > 0 && <Built account={account} built={built} />}
    </>
  );
  const title = `Repositories at ${account.providerName}`;
  return accountPage(caller, LINKED, content, { title, status: fault?.status ?? 200, headers: fault?.headers ?? {} });
};
