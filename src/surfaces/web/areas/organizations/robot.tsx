import type { Context } from '../../../../context';
import { createRobotToken, listRobotTokens, revokeRobotToken, showRobot } from '../../../../features/namespaces/robots';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
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
import { page, redirect } from '../../reply';
import { OrganizationFrame, organizationOf, organizationPath } from './frame';

interface Shown {
  readonly typed?: TypedToken;
  readonly fault?: Fault;
  /** the secret of a token that was just created */
  readonly secret?: string;
}

async function robotPage(
  ctx: Context,
  exchange: WebExchange<'member'>,
  { typed, fault, secret }: Shown = {},
): Promise<Reply> {
  const { caller, params } = exchange;
  const organization = await organizationOf(ctx, exchange);
  const place = { organization: organization.namespace, name: params['robot'] ?? '' };
  const { username } = await showRobot(ctx, caller.actor, place);
  const tokens = await listRobotTokens(ctx, caller.actor, place);
  const path = organizationPath(place.organization, `robots/${place.name}/`);
  return page(
    caller,
    { title: username, section: 'dashboard', status: fault?.status ?? 200 },
    <OrganizationFrame visitor={caller} organization={organization} current="robots/">
      <h2>{username}</h2>
      {secret !== undefined && <MadeToken secret={secret} username={username} host={new URL(caller.origin).host} />}
      <div class="columns">
        <div>
          <TokenTable visitor={caller} tokens={tokens} revoke={`${path}revoke/`} />
          <p class="fine">A robot gets access through its teams and tokens: add it to a team and create a token.</p>
        </div>
        <Panel title="New token">
          <Problem fault={fault} />
          <NewTokenForm visitor={caller} typed={typed} fault={fault} />
        </Panel>
      </div>
    </OrganizationFrame>,
  );
}

export const getRobot: WebHandler<'member'> = (ctx, exchange) => robotPage(ctx, exchange);

export const postRobotToken: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller, params } = exchange;
  const { namespace } = await organizationOf(ctx, exchange);
  const place = { organization: namespace, name: params['robot'] ?? '' };
  const typed = typedToken(caller.form);
  const { done, fault } = await attempt(() => createRobotToken(ctx, caller.actor, place, newTokenFrom(typed)));
  return robotPage(ctx, exchange, fault === undefined ? { secret: done.secret } : { typed, fault });
};

export const postRevokeRobotToken: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller, params } = exchange;
  const { namespace } = await organizationOf(ctx, exchange);
  const place = { organization: namespace, name: params['robot'] ?? '' };
  await revokeRobotToken(ctx, caller.actor, place, caller.form.id('id'));
  const notice = 'The token was revoked. Anything that still uses it is now refused.';
  return redirect(caller, organizationPath(namespace, `robots/${place.name}/`), { notice });
};
