import type { Context } from '../../../../context';
import {
  beginSecondFactor,
  confirmSecondFactor,
  renewRecoveryCodes,
  secondFactorOf,
  turnOffSecondFactor,
} from '../../../../features/accounts/second-factor';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { Problem } from '../../components/forms';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import type { View } from '../../view';
import { accountPage, usernameOf } from './frame';
import { Manage, Offer, RecoveryCodes, SECOND_FACTOR, SetUp } from './second-factor-parts';

function show(member: Member, view: View, fault?: Fault): Reply {
  return accountPage(
    member,
    SECOND_FACTOR,
    <>
      <Problem fault={fault} />
      {view}
    </>,
    fault,
  );
}

async function statePage(ctx: Context, member: Member, fault?: Fault): Promise<Reply> {
  const factor = await secondFactorOf(ctx, member.actor);
  return show(member, factor.isOn ? <Manage visitor={member} factor={factor} /> : <Offer visitor={member} />, fault);
}

export const getSecondFactor: WebHandler<'member'> = (ctx, { caller }) => statePage(ctx, caller);

export const postBegin: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { done, fault } = await attempt(() => beginSecondFactor(ctx, caller.actor));
  if (fault !== undefined) return statePage(ctx, caller, fault);
  return show(caller, <SetUp visitor={caller} uri={done.uri} secret={done.secret} />);
};

/** The secret of a link for an app; undefined if it is not such a link. */
function secretIn(uri: string): string | undefined {
  if (!uri.startsWith('otpauth://totp/') || uri.length > 500 || !URL.canParse(uri)) return undefined;
  return new URL(uri).searchParams.get('secret') ?? undefined;
}

export const postConfirm: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { form, actor, login } = caller;
  const { done, fault } = await attempt(() => confirmSecondFactor(ctx, actor, form.text('code'), login.session.id));
  if (fault === undefined) return show(caller, <RecoveryCodes codes={done.recoveryCodes} />);
  // Only the sealed secret is stored: the form sends back what the page before showed, to show it to the same reader
  // again.
  const uri = form.raw('uri');
  const secret = secretIn(uri);
  if (fault.status === 409 || secret === undefined) return statePage(ctx, caller, fault);
  return show(caller, <SetUp visitor={caller} uri={uri} secret={secret} />, fault);
};

export const postRenew: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { done, fault } = await attempt(() => renewRecoveryCodes(ctx, caller.actor, caller.form.text('code')));
  if (fault !== undefined) return statePage(ctx, caller, fault);
  return show(caller, <RecoveryCodes codes={done.recoveryCodes} />);
};

export const postOff: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { fault } = await attempt(() =>
    turnOffSecondFactor(ctx, caller.actor, usernameOf(caller), { code: caller.form.text('code') }),
  );
  if (fault !== undefined) return statePage(ctx, caller, fault);
  return redirect(caller, SECOND_FACTOR, { notice: 'Two-factor authentication is off.' });
};
