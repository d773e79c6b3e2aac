import { basic, type TestServer } from '../helpers/test-server';
import { sessionOf, type Caller } from './callers';
import type { SweptRoute } from './routes';
import type { Row } from './rows';

/** A caller with access: alice, the owner of everything private, or the site administrator. */
export async function entitledTo(
  row: Pick<Row, 'who'>,
  route: SweptRoute,
  server: TestServer,
): Promise<Pick<Caller, 'authorization' | 'cookie'>> {
  const isOfLibrary = /^\/_\/|\/repositories\/:repository|^\/v2\/:repository/.test(route.path);
  const username = row.who === 'site-admin' || isOfLibrary ? 'root' : 'alice';
  const isByCookie = route.door === 'web' || route.path.startsWith('/api/v1.1/session/');
  if (route.door === 'plain' || (row.who === 'anyone' && route.door === 'api')) return {};
  return isByCookie ? { cookie: await sessionOf(server, username) } : { authorization: basic(username) };
}
