import { listGrants, revokeGrant } from '../../../../features/oauth/authorizations';
import type { WebHandler } from '../../access';
import { Ago } from '../../components/quantities';
import { DangerButton } from '../../components/buttons';
import { Empty, Table } from '../../components/page-parts';
import { redirect } from '../../reply';
import { meaningOf } from '../../components/scope-meanings';
import { accountPage, usernameOf } from './frame';

const PATH = '/account/applications/';

export const getApplications: WebHandler<'member'> = async (ctx, { caller }) => {
  const grants = await listGrants(ctx, caller.actor, usernameOf(caller));
  if (grants.length === 0) {
    const text = 'Applications that you allow to act for you are listed here, and you can revoke their access.';
    return accountPage(
      caller,
      PATH,
      <Empty title="No authorized applications">
        <p>{text}</p>
      </Empty>,
    );
  }
  return accountPage(
    caller,
    PATH,
    <>
      <p>These applications can act for you.</p>
      <Table caption="Authorized applications" head={['Application', 'Access', 'Since', 'Last used', '']}>
        {grants.map(({ clientId, name, scopes, since, lastUsedAt }) => (
          <tr>
            <td>{name}</td>
            <td>{scopes.map(meaningOf).join(', ')}</td>
            <td>
              <Ago at={since} />
            </td>
            <td>{lastUsedAt === undefined ? 'never' : <Ago at={lastUsedAt} />}</td>
            <td class="number">
              <DangerButton
                visitor={caller}
                action={`${PATH}revoke/`}
                fields={{ client: clientId }}
                label={`Revoke the access of ${name}`}
                text="Revoke"
                question={`${name} can no longer act for you.`}
              />
            </td>
          </tr>
        ))}
      </Table>
    </>,
  );
};

export const postRevokeGrant: WebHandler<'member-form'> = async (ctx, { caller }) => {
  await revokeGrant(ctx, caller.actor, usernameOf(caller), caller.form.text('client'));
  return redirect(caller, PATH, { notice: "The application's access was revoked." });
};
