import type { Context } from '../../context';
import { listReferrers } from '../../features/manifests/referrers';
import { listTags, pageOf } from '../../features/manifests/tag-lists';
import { MANIFEST_TYPES } from '../../features/manifests/media-types';
import { listCatalog } from '../../features/repositories/catalog';
import { fullName } from '../../features/repositories/names';
import { json, type Headers } from '../../platform/http/exchange';
import type { V2Exchange, V2Handler } from './access';
import { V2Error } from './errors';
import { repositoryOf, requireCatalog, requireReadable } from './requests';

const CATALOG_PAGE = 1000;

/** @throws V2Error 400 when it is not a whole number */
function limitOf({ query }: V2Exchange): number | undefined {
  const n = query.get('n');
  if (n === null || n === '') return undefined;
  if (!/^\d{1,9}$/.test(n)) {
    throw new V2Error(400, 'UNSUPPORTED', 'n must be a whole number, 0 or more', { detail: { n } });
  }
  return Number(n);
}

function nextLink(path: string, query: Readonly<Record<string, string | number | undefined>>): Headers {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return { Link: `<${path}?${parts.join('&')}>; rel="next"` };
}

/** `GET /v2/N/tags/list` (bridge 5, row 13). */
export const getTagList: V2Handler = async (ctx, exchange) => {
  const repository = await requireReadable(ctx, exchange);
  const limit = limitOf(exchange);
  const after = exchange.query.get('last') ?? undefined;
  const { names, hasMore } = await listTags(ctx, repository, { after, limit });
  const name = fullName(repository);
  const link = hasMore ? nextLink(`/v2/${name}/tags/list`, { last: names.at(-1), n: limit }) : {};
  return json(200, { name, tags: names }, link);
};

/** `GET /v2/_catalog` (bridge 5, row 14). */
export const getCatalog: V2Handler = async (ctx, exchange) => {
  requireCatalog(exchange);
  const limit = Math.min(limitOf(exchange) ?? CATALOG_PAGE, CATALOG_PAGE);
  const after = exchange.query.get('last') ?? '';
  const found = limit === 0 ? [] : await listCatalog(ctx, exchange.caller.actor, { after, limit: limit + 1 });
  const { names, hasMore } = pageOf(found, limit);
  const link = hasMore ? nextLink('/v2/_catalog', { last: names.at(-1), n: limit }) : {};
  return json(200, { repositories: names }, link);
};

/** Empty for a repository that the caller may not see, as for one without referrers (bridge 5, row 15). */
async function referrersOf(ctx: Context, exchange: V2Exchange): ReturnType<typeof listReferrers> {
  const { params, query } = exchange;
  const wanted = { artifactType: query.get('artifactType') ?? undefined, after: query.get('last') ?? undefined };
  try {
    return await listReferrers(ctx, await requireReadable(ctx, exchange), params['digest'] ?? '', wanted);
  } catch (error) {
    if (!(error instanceof V2Error && error.code === 'NAME_UNKNOWN')) throw error;
    return { referrers: [], next: undefined };
  }
}

/** `GET /v2/N/referrers/<digest>` (bridge 5, row 15). */
export const getReferrers: V2Handler = async (ctx, exchange) => {
  const { params, query } = exchange;
  const { referrers, next } = await referrersOf(ctx, exchange);
  const artifactType = query.get('artifactType') ?? undefined;
  const index = { schemaVersion: 2, mediaType: MANIFEST_TYPES.ociIndex, manifests: referrers };
  const path = `/v2/${fullName(repositoryOf(params))}/referrers/${params['digest'] ?? ''}`;
  return json(200, index, {
    'Content-Type': MANIFEST_TYPES.ociIndex,
    ...(artifactType === undefined ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
    ...(next === undefined ? {} : nextLink(path, { artifactType, last: next })),
  });
};
