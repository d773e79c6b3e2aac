import type { Context } from '../../context';
import type { Method } from '../../platform/http/route';
import { handleRecalled, type V2Exchange, type V2Handler, type V2Route } from './access';
import * as blobs from './blobs';
import * as lists from './lists';
import * as manifests from './manifests';
import { ping } from './ping';
import { getToken, postToken } from './token';
import * as uploads from './uploads';

/*
 * Every route of the registry API v2. A trailing slash makes no difference, because a redirect would lose the body of a
 * request.
 */

/** A row as data. */
export interface Row {
  readonly method: Method;
  readonly path: string;
  readonly handle: V2Handler;
}

const ROOT_ROWS: readonly Row[] = [
  { method: 'get', path: '/v2', handle: ping },
  { method: 'get', path: '/v2/_catalog', handle: lists.getCatalog },
];

/** The paths are relative to `/v2/<repo>` and `/v2/<ns>/<repo>`. */
const REPOSITORY_ROWS: readonly Row[] = [
  { method: 'get', path: '/manifests/:reference', handle: manifests.getManifestOf },
  { method: 'put', path: '/manifests/:reference', handle: manifests.putManifestOf },
  { method: 'delete', path: '/manifests/:reference', handle: manifests.deleteManifestOf },
  { method: 'post', path: '/blobs/uploads', handle: uploads.postUpload },
  { method: 'get', path: '/blobs/uploads/:upload', handle: uploads.getUploadStatus },
  { method: 'patch', path: '/blobs/uploads/:upload', handle: uploads.patchUpload },
  { method: 'put', path: '/blobs/uploads/:upload', handle: uploads.putUpload },
  { method: 'delete', path: '/blobs/uploads/:upload', handle: uploads.deleteUpload },
  { method: 'get', path: '/blobs/:digest', handle: blobs.getBlobBytes },
  { method: 'delete', path: '/blobs/:digest', handle: blobs.removeBlob },
  { method: 'get', path: '/tags/list', handle: lists.getTagList },
  { method: 'get', path: '/referrers/:digest', handle: lists.getReferrers },
];

/** The same rows for a repository of the library, and for one in a namespace. */
function inBothForms(rows: readonly Row[]): readonly Row[] {
  return ['/v2/:repository', '/v2/:namespace/:repository'].flatMap((start) =>
    rows.map((row) => ({ ...row, path: start + row.path })),
  );
}

/** A row for callers that a guard has identified, with its handler bound to what the process can do. */
function toRoute(ctx: Context, { method, path, handle }: Row): V2Route {
  const bound: V2Route['handle'] = (exchange) => handleRecalled(ctx, handle, exchange as V2Exchange);
  return { method, path, access: 'registry', handle: bound };
}

const TOKEN_ROWS = [
  { method: 'get', path: '/v2/token', handle: getToken },
  { method: 'post', path: '/v2/token', handle: postToken },
] as const;

/**
 * All rows, with their handlers bound to the context.
 *
 * @param repositoryRows - tests have their own rows
 */
export function v2Routes(ctx: Context, repositoryRows = REPOSITORY_ROWS): V2Route[] {
  return [
    ...TOKEN_ROWS.map(({ method, path, handle }): V2Route => ({
      method,
      path,
      access: 'open',
      handle: ({ req, query }) => handle(ctx, { req, query }),
    })),
    ...[...ROOT_ROWS, ...inBothForms(repositoryRows)].map((row) => toRoute(ctx, row)),
  ];
}
