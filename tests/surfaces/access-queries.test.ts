import { Sender } from '../isolation/answers';
import { sessionOf } from '../isolation/callers';
import { requestFor, variantsOf } from '../isolation/requests';
import { sweptRoutes, type SweptRoute } from '../isolation/routes';
import { buildStage, type Stage } from '../isolation/stage';
import { recordStatements } from '../helpers/statements';
import { basic } from '../helpers/test-server';

/*
 * A request asks once what the caller may do with the repository that it names, and passes the answer on. So each page
 * and each read of a repository runs one access query, which finds the caller and the repository together.
 */

const NAMES_REPOSITORY = /^(\/api\/v1\.1\/repositories\/:namespace\/:name\/|\/v1\/(repositories|images)\/:|\/[r_]\/)/;
const READS = sweptRoutes().filter(({ method, path }) => method === 'GET' && NAMES_REPOSITORY.test(path));

/** A query that finds the caller together with a repository, whatever else it reads. */
const isAccessQuery = (text: string): boolean =>
  text.includes('u.credentials_epoch') && text.includes('r.id as repository_id');

let stage: Stage;
let sender: Sender;
let cookies: Readonly<Record<string, { name: string; secret: string }>>;

beforeAll(async () => {
  stage = await buildStage();
  sender = new Sender(stage.server.port);
  cookies = { alice: await sessionOf(stage.server, 'alice'), root: await sessionOf(stage.server, 'root') };
}, 60_000);
afterAll(async () => {
  sender.close();
  await stage.server.close();
});

async function accessQueriesOf(route: SweptRoute): Promise<{ status: number; count: number }> {
  const [values] = variantsOf(route, stage);
  const isOfLibrary = route.path.startsWith('/_/') || /repositories\/:repository\b/.test(route.path);
  const user = isOfLibrary ? 'root' : 'alice';
  const cookie = cookies[user];
  const caller = route.door === 'web' && cookie !== undefined ? { cookie } : { authorization: basic(user) };
  const request = requestFor(route, values ?? new Map(), stage, caller);
  // Credentials that were verified before are not verified again.
  await sender.send(request);
  const { result, statements } = await recordStatements(stage.server.ctx.db, () => sender.send(request));
  return { status: result.status, count: statements.filter(isAccessQuery).length };
}

it.each(READS.map((route) => [route.key, route] as const))('%s runs one access query', async (_key, route) => {
  const { status, count } = await accessQueriesOf(route);
  expect({ status, count }).toEqual({ status: 200, count: 1 });
});
