import type { LinkedSignIn } from '../../../../features/openid/linking';
import type { Member } from '../../access';
import { DangerButton } from '../../components/buttons';
import { Panel, Table } from '../../components/page-parts';
import { Ago } from '../../components/quantities';
import type { View } from '../../view';

const LINK = `/account/login/oidc/?for=link&next=${encodeURIComponent('/account/password/')}`;

function Rows({ member, linked }: { member: Member; linked: readonly LinkedSignIn[] }): View {
  return (
    <Table caption="Linked sign-ins" head={['Provider', 'User', 'Since', 'Last used', '']}>
      {linked.map(({ id, issuer, subject, email, since, lastUsedAt }) => (
        <tr>
          <td class="text">{issuer}</td>
          <td class="text">{email ?? subject}</td>
          <td>
            <Ago at={since} />
          </td>
          <td>
            <Ago at={lastUsedAt} />
          </td>
          <td class="number">
            <DangerButton
              visitor={member}
              action="/account/sign-ins/unlink/"
              fields={{ id: String(id) }}
              label={`Unlink ${email ?? subject} of ${issuer}`}
              text="Unlink"
              question="This user of the provider can no longer sign in to your account."
            />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** The users of providers that are linked to an account, and the way to link one. */
export function LinkedSignIns({
  member,
  linked,
  issuer,
}: {
  readonly member: Member;
  readonly linked: readonly LinkedSignIn[];
  /** the provider; undefined: none is configured */
  readonly issuer: string | undefined;
}): View {
  const { providerName: name } = member;
  if (name === undefined && linked.length === 0) return <></>;
  const canLink = name !== undefined && linked.every((one) => one.issuer !== issuer);
  return (
    <Panel title="Linked sign-in">
      {linked.length > 0 && <Rows member={member} linked={linked} />}
      {canLink && (
        <>
          <p>Link your account to your user of {name}, to sign in without a password.</p>
          <p class="link-buttons">
            <a class="button quiet" href={LINK}>
              Link {name}
            </a>
          </p>
        </>
      )}
      {linked.length > 0 && !member.login.hasPassword && (
        <p class="fine">It is your only way to sign in. To unlink it, set a password first.</p>
      )}
    </Panel>
  );
}
