import type { Context } from '../../../../context';
import {
  createAccountToken,
  listAccountTokens,
  revokeAccountToken,
} from '../../../../features/accounts/own-access-tokens';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import {
  MadeToken,
  newTokenFrom,
  NewTokenForm,
  TokenTable,
  typedToken,
  type TypedToken,
} from '../../components/access-tokens';
import { Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { accountPage, usernameOf } from './frame';

const PATH = '/account/tokens/';

interface Shown {
  readonly typed?: TypedToken;
  readonly fault?: Fault;
  /** the secret of a token that was just created */
  readonly secret?: string;
}

async function tokensPage(ctx: Context, member: Member, { typed, fault, secret }: Shown = {}): Promise<Reply> {
  const username = usernameOf(member);
  const tokens = await listAccountTokens(ctx, member.actor, username);
  return accountPage(
    member,
    PATH,
    <>
      {secret !== undefined && <MadeToken secret={secret} username={username} host={new URL(member.origin).host} />}
      <p>A token is a password for an engine or a script. You can limit what it can do, and revoke it at any time.</p>
      <TokenTable visitor={member} tokens={tokens} revoke={`${PATH}revoke/`} />
      <Panel title="New token">
        <Problem fault={fault} />
        <NewTokenForm visitor={member} typed={typed} fault={fault} />
      </Panel>
    </>,
    fault,
  );
}

export const getTokens: WebHandler<'member'> = (ctx, { caller }) => tokensPage(ctx, caller);

export const postToken: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const typed = typedToken(caller.form);
  const { done, fault } = await attempt(() =>
    createAccountToken(ctx, caller.actor, usernameOf(caller), newTokenFrom(typed)),
  );
  return tokensPage(ctx, caller, fault === undefined ? { secret: done.secret } : { typed, fault });
};

export const postRevoke: WebHandler<'member-form'> = async (ctx, { caller }) => {
  await revokeAccountToken(ctx, caller.actor, usernameOf(caller), caller.form.id('id'));
  return redirect(caller, PATH, { notice: 'The token was revoked. Anything that still uses it is now refused.' });
};
