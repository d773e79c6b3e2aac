import { hostileNames } from '../helpers/hostile';
import { linkOf } from '../helpers/oauth';
import { linePayloads } from '../helpers/payloads';
import type { TestServer } from '../helpers/test-server';

/*
 * Every page that shows text of users, on a server that `fillWithPayloads` has filled.
 */

/** A page, and the user who looks at it. */
export interface HostilePage {
  readonly path: string;
  /** undefined: an anonymous visitor */
  readonly as?: string;
}

function each(as: string | undefined, paths: readonly string[]): HostilePage[] {
  return paths.map((path) => (as === undefined ? { path } : { path, as }));
}

interface Known {
  readonly imageId: string;
  readonly webhookIds: readonly number[];
  readonly deliveryId: number;
  readonly buildId: number;
}

async function knownOf({ ctx: { db } }: TestServer, owner: string): Promise<Known> {
  const repository = await db('repositories').where({ namespace: owner, name: 'trap' }).first('id');
  const tag = await db('tags').where({ repository_id: repository.id, name: 'latest' }).first('image_id');
  const hooks = await db('webhooks').where({ repository_id: repository.id }).orderBy('id').select('id');
  const webhookIds = hooks.map(({ id }) => Number(id));
  const delivery = await db('webhook_deliveries').where({ webhook_id: webhookIds[0] }).first('id');
  const build = await db('builds').where({ repository_id: repository.id }).first('id');
  return {
    imageId: String(tag.image_id),
    webhookIds,
    deliveryId: Number(delivery.id),
    buildId: Number(build.id),
  };
}

function pagesOf(owner: string, index: number, { imageId, webhookIds, deliveryId, buildId }: Known): HostilePage[] {
  const repository = `/r/${owner}/trap/`;
  const [tested = 0, idle = 0] = webhookIds;
  const organization = `/organizations/trap${index}/`;
  return [
    ...each(undefined, [`/u/${owner}/`, repository, `${repository}tags/latest/`, `${repository}comments/`]),
    ...each(undefined, [
      `${repository}builds/`,
      `${repository}builds/${buildId}/`,
      `${repository}builds/${buildId}/?q=a`,
      `${repository}builds/dockerfile/`,
    ]),
    ...each('root', [
      `${repository}tags/`,
      `${repository}images/${imageId}/`,
      `${repository}images/${imageId}/files/?directory=/tmp`,
      `${repository}statistics/`,
      `${repository}settings/`,
      `${repository}settings/webhooks/`,
      `${repository}settings/webhooks/${tested}/`,
      `${repository}settings/webhooks/${tested}/deliveries/${deliveryId}/`,
      `${repository}settings/webhooks/${idle}/`,
      `${organization}settings/`,
      `${organization}teams/`,
      `${organization}teams/team/`,
    ]),
    ...each(owner, ['/account/settings/', '/account/tokens/', '/account/sessions/']),
  ];
}

/** Pages that show text of accounts; each has a payload. */
export async function storedPayloads(server: TestServer, clients: readonly string[]): Promise<HostilePage[]> {
  const consent = (id: string): string => linkOf({ id, secret: '', redirectUri: 'https://app.example.com/back' });
  const pages: HostilePage[] = [
    ...each('root', ['/admin/comments/', '/explore/', '/search?q=trap']),
    ...each('mallory0', [
      '/dashboard/',
      '/dashboard/activity/',
      '/search?q=mallory&type=users',
      '/account/applications/',
      ...clients.map(consent),
    ]),
  ];
  for (const [index, owner] of hostileNames().entries()) {
    pages.push(...pagesOf(owner, index, await knownOf(server, owner)));
  }
  return pages;
}

const IN_ADDRESS = [
  '/search?q=',
  '/explore/?sort=',
  '/account/login/?next=',
  '/account/reset/',
  '/api/v1.1/o/authorize/?client_id=',
  '/u/',
  '/r/mallory0/',
  '/r/mallory0/trap/tags/',
  '/r/mallory0/trap/history/?tag=',
  '/r/mallory0/trap/builds/?page=',
  '/r/mallory0/trap/builds/',
];

const IN_ADDRESS_OF_ADMINISTRATORS = [
  '/dashboard/?text=',
  '/dashboard/?namespace=',
  '/repository/add/?name=',
  '/repository/add/automated/?name=',
  '/r/mallory0/trap/tags/?name=',
  '/r/mallory0/trap/settings/webhooks/',
  '/organizations/',
  '/organizations/trap0/teams/',
  '/admin/users/?q=',
  '/admin/audit/?user=',
  '/admin/audit/?subject=',
  '/admin/jobs/?state=',
];

/** Pages that may show a part of their own address. */
export function addressPayloads(): HostilePage[] {
  return linePayloads(1000)
    .map(encodeURIComponent)
    .flatMap((text) => [
      ...each(
        undefined,
        IN_ADDRESS.map((start) => start + text),
      ),
      ...each(
        'root',
        IN_ADDRESS_OF_ADMINISTRATORS.map((start) => start + text),
      ),
    ]);
}
