import type { Member, WebHandler } from '../../access';
import {
  postNamespaceRetention,
  postNamespaceRetentionRemoval,
  showNamespaceRetention,
  type NamespacePlace,
} from '../../components/namespace-retention';
import { accountPage, usernameOf } from './frame';

const PATH = '/account/retention/';

function placeOf(member: Member): NamespacePlace {
  const show: NamespacePlace['show'] = (content, fault) => accountPage(member, PATH, content, fault);
  return { namespace: usernameOf(member), path: PATH, show };
}

export const getRetention: WebHandler<'member'> = (ctx, { caller, query }) =>
  showNamespaceRetention(ctx, caller, query, placeOf(caller));

export const postRetention: WebHandler<'member-form'> = (ctx, exchange) =>
  postNamespaceRetention(ctx, exchange, placeOf(exchange.caller));

export const postRetentionRemoval: WebHandler<'member-form'> = (ctx, exchange) =>
  postNamespaceRetentionRemoval(ctx, exchange, placeOf(exchange.caller));
