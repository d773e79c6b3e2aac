import { listGrants, revokeGrant } from '../../../../features/oauth/authorizations';
import type { WebHandler } from '../../access';
import { Ago } from '../../components/quantities';
import { ActButton } from '../../components/forms';
import { Empty, Table } from '../../components/page-parts';
import { redirect } from '../../reply';
import { meaningOf } from '../../components/scope-meanings';
import { accountPage, usernameOf } from './frame';

const PATH = '/account/applications/';

export const getApplications: WebHandler<'member'> = async (ctx, { caller }) => {
  const grants = await listGrants(ctx, caller.actor, usernameOf(caller));
  if (grants.length === 0) {
    const text = 'When a program asks to act for you and you allow it, it stands here, and you can take that back.';
    return accountPage(
      caller,
      PATH,
      <Empty title="No program acts for you">
        <p>{text}</p>
      </Empty>,
    );
  }
  return accountPage(
    caller,
    PATH,
    <>
      <p>These programs may act for you.</p>
      <Table caption="Programs that act for you" head={['Program', 'May', 'Since', 'Last used', '']}>
        {grants.map(({ clientId, name, scopes, since, lastUsedAt }) => (
          <tr>
            <td>{name}</td>
            <td>{scopes.map(meaningOf).join(', ')}</td>
            <td>
              <Ago at={since} />
            </td>
            <td>{lastUsedAt === undefined ? 'never' : <Ago at={lastUsedAt} />}</td>
            <td class="number">
              <ActButton
                visitor={caller}
                action={`${PATH}revoke/`}
                fields={{ client: clientId }}
                class="danger small"
                label={`Revoke the access of ${name}`}
              >
                Revoke
              </ActButton>
            </td>
          </tr>
        ))}
      </Table>
    </>,
  );
};

export const postRevokeGrant: WebHandler<'member-form'> = async (ctx, { caller }) => {
  await revokeGrant(ctx, caller.actor, usernameOf(caller), caller.form.text('client'));
  return redirect(caller, PATH, { notice: 'The program can act for you no longer.' });
};
