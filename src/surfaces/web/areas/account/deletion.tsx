import type { Context } from '../../../../context';
import { findSoleRights, type SoleRights } from '../../../../features/namespaces/owners';
import { listNamespace, type ListedRepository } from '../../../../features/repositories/listings';
import { displayName } from '../../../../features/repositories/names';
import { deleteUserWithRepositories } from '../../../../features/repositories/owner-deletion';
import { fieldError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import { endedSessionCookie } from '../../../../platform/http/session-cookie';
import type { Member, WebHandler } from '../../access';
import { ConfirmationField } from '../../components/confirmation-field';
import { Actions, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { plural } from '../../components/quantities';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import { accountPage, usernameOf } from './frame';

/** The number of repositories that the page names. */
const NAMED = 20;

function ToHandOver({ organizations, isOnlyAdministrator }: SoleRights): View {
  return (
    <Panel title="First hand over">
      <p>Nobody else could manage the following. You can delete your account after another user can.</p>
      <ul>
        {organizations.map((name) => (
          <li>
            You are the only active owner of <a href={`/organizations/${name}/`}>{name}</a>:{' '}
            <a href={`/organizations/${name}/teams/owners/`}>add another owner</a>, or{' '}
            <a href={`/organizations/${name}/settings/`}>delete the organization</a>.
          </li>
        ))}
        {isOnlyAdministrator && (
          <li>
            You are the only active site administrator:{' '}
            <a href="/admin/users/">make another account an administrator</a>.
          </li>
        )}
      </ul>
    </Panel>
  );
}

function Repositories({
  username,
  total,
  repositories,
}: {
  readonly username: string;
  readonly total: number;
  readonly repositories: readonly ListedRepository[];
}): View {
  return (
    <>
      <p>
        <strong>{plural(total, 'repository', 'repositories')}</strong> will be deleted, with all tags and images. To
        keep one, transfer it first:
      </p>
      <ul>
        {repositories.map((repository) => (
          <li>
            <a href={repositoryPath(repository)}>{displayName(repository)}</a> ·{' '}
            <a href={repositoryPath(repository, 'settings/move/')} aria-label={`Transfer ${displayName(repository)}`}>
              transfer
            </a>
          </li>
        ))}
        {total > repositories.length && (
          <li>
            <a href={`/u/${username}/`}>{total - repositories.length} more</a>
          </li>
        )}
      </ul>
    </>
  );
}

function DeletionForm({ member, fault }: { readonly member: Member; readonly fault: Fault | undefined }): View {
  const username = usernameOf(member);
  return (
    <Form visitor={member} fault={fault}>
      <ConfirmationField label="Your username" expects={username} />
      <Actions>
        <button type="submit" class="danger">
          Delete my account permanently
        </button>
      </Actions>
    </Form>
  );
}

async function deletionPage(ctx: Context, member: Member, fault?: Fault): Promise<Reply> {
  const username = usernameOf(member);
  const rights = await findSoleRights(ctx, member.actor);
  const isHeld = rights.organizations.length > 0 || rights.isOnlyAdministrator;
  const owned = await listNamespace(ctx, member.actor, username, { limit: NAMED, offset: 0 });
  return accountPage(
    member,
    '/account/delete/',
    <>
      {isHeld && <ToHandOver {...rights} />}
      <Panel title="Delete your account" tone="danger">
        <Problem fault={fault} />
        {owned.total > 0 && <Repositories username={username} {...owned} />}
        <p>
          Your profile, email addresses, access tokens, linked accounts, sessions, stars, comments and memberships will
          be deleted. Nobody else gets a name that hosts may still pull by. This cannot be undone.
        </p>
        {!isHeld && <DeletionForm member={member} fault={fault} />}
      </Panel>
    </>,
    fault,
  );
}

export const getDeletion: WebHandler<'member'> = (ctx, { caller }) => deletionPage(ctx, caller);

export const postDeletion: WebHandler<'member-form'> = async (ctx, { req, caller }) => {
  const username = usernameOf(caller);
  const { fault } = await attempt(async () => {
    if (caller.form.text('confirmation') !== username)
      throw fieldError('invalid', 'confirmation', `This is not your username. Type ${username} to delete your account`);
    await deleteUserWithRepositories(ctx, caller.actor, username);
  });
  if (fault !== undefined) return deletionPage(ctx, caller, fault);
  const notice = 'Your account was deleted.';
  return redirect(caller, '/', { notice, cookies: [endedSessionCookie(req, ctx.settings)] });
};
