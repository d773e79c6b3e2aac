import { empty } from '../../../../platform/http/exchange';
import type { WebHandler } from '../../access';
import { nameAsked, repositoryPath } from '../../repository-path';

/**
 * The address that a repository had on the Hub, which is in the payload of webhooks and in old bookmarks. It redirects
 * to the page of every possible name, so that it says nothing about which exist.
 */
export const getHubAddress: WebHandler<'file'> = (_ctx, { params }) =>
  empty(302, { Location: repositoryPath(nameAsked(params)) });
