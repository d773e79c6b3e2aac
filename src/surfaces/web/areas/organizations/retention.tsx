import type { Context } from '../../../../context';
import { getOwnersOrganization } from '../../../../features/namespaces/namespace-access';
import type { WebExchange, WebHandler } from '../../access';
import {
  postNamespaceRetention,
  postNamespaceRetentionRemoval,
  showNamespaceRetention,
  type NamespacePlace,
} from '../../components/namespace-retention';
import { page } from '../../reply';
import { OrganizationFrame, organizationPath } from './frame';

async function placeOf(
  ctx: Context,
  { caller, params }: WebExchange<'member'> | WebExchange<'member-form'>,
): Promise<NamespacePlace> {
  const organization = await getOwnersOrganization(ctx, caller.actor, params['org'] ?? '');
  const { namespace } = organization;
  return {
    namespace,
    path: organizationPath(namespace, 'retention/'),
    show: (content, fault) =>
      page(
        caller,
        { title: `Retention in ${namespace}`, section: 'dashboard', status: fault?.status ?? 200 },
        <OrganizationFrame visitor={caller} organization={organization} current="retention/">
          {content}
        </OrganizationFrame>,
      ),
  };
}

export const getRetention: WebHandler<'member'> = async (ctx, exchange) =>
  showNamespaceRetention(ctx, exchange.caller, exchange.query, await placeOf(ctx, exchange));

export const postRetention: WebHandler<'member-form'> = async (ctx, exchange) =>
  postNamespaceRetention(ctx, exchange, await placeOf(ctx, exchange));

export const postRetentionRemoval: WebHandler<'member-form'> = async (ctx, exchange) =>
  postNamespaceRetentionRemoval(ctx, exchange, await placeOf(ctx, exchange));
