import type { Context } from '../../context';
import type { Method } from '../../platform/http/route';
import { handleRecalled, type Access, type V1Handler, type V1Route } from './access';
import * as imageLists from './image-lists';
import * as images from './images';
import * as layers from './layers';
import { challengingForPrivate } from './login-challenge';
import * as ping from './ping';
import * as repositories from './repositories';
import { tellingReserved } from './reserved-names';
import { search } from './search';
import * as tags from './tags';
import * as uploads from './uploads';
import * as users from './users';

/*
 * Every route of the v1 index and registry (protocol 2.0 and 4.0). A trailing slash makes no difference, because old
 * engines do not follow a redirect of a PUT.
 */

interface Row<A extends Access> {
  readonly method: Method;
  readonly path: string;
  readonly access: A;
  readonly handle: V1Handler<A>;
}

type AnyRow = { [A in Access]: Row<A> }[Access];

const ROOT_ROWS: readonly AnyRow[] = [
  { method: 'get', path: '/', access: 'open', handle: ping.banner },
  { method: 'get', path: '/_ping', access: 'open', handle: ping.ping },
  { method: 'get', path: '/v1/_ping', access: 'open', handle: ping.ping },
  { method: 'post', path: '/v1/users', access: 'open', handle: users.postUser },
  { method: 'get', path: '/v1/users', access: 'account', handle: users.getUsers },
  { method: 'put', path: '/v1/users/:username', access: 'account', handle: users.putUser },
  { method: 'get', path: '/v1/search', access: 'index', handle: search },
];

const IMAGE_ROWS: readonly AnyRow[] = [
  { method: 'get', path: '/v1/images/:imageId/json', access: 'registry', handle: images.getJson },
  { method: 'put', path: '/v1/images/:imageId/json', access: 'registry', handle: uploads.putJson },
  { method: 'get', path: '/v1/images/:imageId/layer', access: 'registry', handle: layers.getLayer },
  { method: 'put', path: '/v1/images/:imageId/layer', access: 'registry', handle: uploads.putLayer },
  { method: 'put', path: '/v1/images/:imageId/checksum', access: 'registry', handle: uploads.putChecksum },
  { method: 'get', path: '/v1/images/:imageId/ancestry', access: 'registry', handle: images.getAncestryOf },
  { method: 'get', path: '/v1/images/:imageId/files', access: 'registry', handle: images.getFiles },
  { method: 'get', path: '/v1/images/:imageId/diff', access: 'registry', handle: images.getDiff },
  { method: 'get', path: '/v1/private_images/:imageId/json', access: 'registry', handle: images.getPrivateJson },
  { method: 'get', path: '/v1/private_images/:imageId/layer', access: 'registry', handle: layers.getPrivateLayer },
  { method: 'get', path: '/v1/private_images/:imageId/files', access: 'registry', handle: images.getPrivateFiles },
];

/** The paths are relative to `/v1/repositories/<repo>` and `/v1/repositories/<ns>/<repo>`. */
const REPOSITORY_ROWS: readonly AnyRow[] = [
  { method: 'put', path: '/images', access: 'index', handle: imageLists.putImages },
  { method: 'get', path: '/images', access: 'index', handle: imageLists.getImages },
  { method: 'delete', path: '/images', access: 'index', handle: repositories.deleteImages },
  { method: 'put', path: '/auth', access: 'index', handle: repositories.putAuth },
  { method: 'get', path: '/layer/:imageId/access', access: 'index', handle: imageLists.getLayerAccess },
  { method: 'get', path: '/tags', access: 'registry', handle: challengingForPrivate(tags.getTags) },
  { method: 'delete', path: '/tags', access: 'registry', handle: repositories.deleteAllTags },
  { method: 'get', path: '/tags/:tag', access: 'registry', handle: challengingForPrivate(tags.getOneTag) },
  { method: 'put', path: '/tags/:tag', access: 'registry', handle: tags.putTag },
  { method: 'delete', path: '/tags/:tag', access: 'registry', handle: tags.deleteTag },
  { method: 'get', path: '/tags/:tag/json', access: 'registry', handle: tags.getTagJson },
  { method: 'get', path: '/json', access: 'registry', handle: tags.getRepositoryJson },
  { method: 'get', path: '/properties', access: 'registry', handle: challengingForPrivate(repositories.getProperties) },
  { method: 'put', path: '/properties', access: 'registry', handle: repositories.putProperties },
  { method: 'put', path: '', access: 'index', handle: imageLists.putRepository },
  { method: 'delete', path: '', access: 'index', handle: repositories.deleteRepository },
];

/**
 * The rows without a namespace come first: no repository may be called `images` or `tags`, so `foo/images` is always
 * the image list of `library/foo`.
 */
const ROWS: readonly AnyRow[] = [
  ...ROOT_ROWS,
  ...IMAGE_ROWS,
  ...REPOSITORY_ROWS.map((row) => ({ ...row, path: `/v1/repositories/:repository${row.path}` })),
  ...REPOSITORY_ROWS.map((row) => ({ ...row, path: `/v1/repositories/:namespace/:repository${row.path}` })),
];

/** The rows with their handlers bound to the context. */
export function v1Routes(ctx: Context): V1Route[] {
  return ROWS.map((row) => {
    const handle = tellingReserved(row.handle as V1Handler<Access>);
    return { ...row, handle: (exchange) => handleRecalled(ctx, handle, exchange) };
  });
}
