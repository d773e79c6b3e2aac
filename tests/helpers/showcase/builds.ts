import { appendLog } from '../../../src/features/builds/build-log';
import {
  claimBuild,
  finishBuild,
  noteBuilder,
  noteCommit,
  noteDockerfile,
  type BuildEnd,
} from '../../../src/features/builds/running';
import { listRules } from '../../../src/features/builds/rules';
import { startBuilds } from '../../../src/features/builds/starting';
import { getAdministered } from '../../../src/features/repositories/get-repository';
import { query } from '../../../src/platform/db/query';
import { actorOf } from '../actors';
import { queueOf } from '../builds';
import type { TestServer } from '../test-server';
import type { Act } from './act';

/*
 * The automated repository of alice: it has been built for some weeks, its last build failed, one runs and one waits.
 */

const NAME = { namespace: 'alice', name: 'harbour' };

const DOCKERFILE = `FROM node:4
WORKDIR /srv/harbour
COPY . /srv/harbour
RUN npm install --production
CMD ["node", "server.js"]
`;

const COMMITS = [
  ['7c2f1e9d04b8', 'Show the tides'],
  ['19ab44c0e7d3', 'Count ships only once'],
  ['e05d7719f2aa', 'Update express'],
  ['3b9906cd158e', 'Answer with 404 for unknown piers'],
] as const;

const LOG = [
  'Fetching branch master of https://github.com/alice/harbour.git\nCommit 3b9906cd158e\n',
  'Pulling library/node, 4\n',
  'STEP 1/5: FROM node:4\nSTEP 2/5: WORKDIR /srv/harbour\nSTEP 3/5: COPY . /srv/harbour\n',
  'STEP 4/5: RUN npm install --production\n\x1b[1mnpm\x1b[0m \x1b[33mWARN\x1b[0m deprecated tidal@0.3.1\n',
  '\x1b[32madded\x1b[0m \x1b[34m57\x1b[0m \x1b[36mpackages\x1b[0m \x1b[35min\x1b[0m \x1b[90m3.2s\x1b[0m \x1b[7mdone\x1b[0m\n',
];

const LAST = {
  success: 'STEP 5/5: CMD ["node", "server.js"]\nPushing alice/harbour:latest\nDigest sha256:9a1f\n',
  error:
    '\x1b[31mnpm ERR!\x1b[0m 404 Not Found: tidal@0.3.2\nerror: building at STEP "RUN npm install": exit status 1\n',
} as const;

const DIGEST = `sha256:${'9a1f'.repeat(16)}`;

/** Builds on some days, the oldest first; each took a while. */
const ENDINGS: readonly BuildEnd[] = [
  ...Array.from({ length: 9 }, () => ({ state: 'success', digest: DIGEST }) as const),
  { state: 'cancelled', error: 'Cancelled by alice' },
  { state: 'success', digest: DIGEST },
  { state: 'error', error: 'building at STEP "RUN npm install": exit status 1' },
];

/** Fills the namespace of alice with an automated repository. */
export async function fillBuilds(server: TestServer, act: Act): Promise<void> {
  const { ctx } = server;
  await act('alice', 'POST', 'repositories/', { ...NAME, description: 'Where ships are' });
  const source = { provider: 'github', clone_url: 'https://github.com/alice/harbour.git' };
  await act('alice', 'POST', 'repositories/alice/harbour/build-source/', source);
  const rules = [
    { source_type: 'branch', source_name: 'master', docker_tag: 'latest' },
    { source_type: 'tag', source_name: 'v*', docker_tag: '{ref}' },
  ];
  await act('alice', 'PUT', 'repositories/alice/harbour/build-rules/', { rules });
  await act('alice', 'PATCH', 'repositories/alice/harbour/build-source/', { schedule: '17 3 * * *' });
  await act('alice', 'POST', 'repositories/alice/harbour/build-links/', { namespace: 'library', name: 'node' });
  const { url } = await act('alice', 'POST', 'repositories/alice/harbour/build-trigger/');
  const repository = await getAdministered(ctx, await actorOf(server, 'alice'), NAME);
  const begin = async (at: number) => {
    const { id: buildId } = await queueOf(ctx, repository);
    const holder = { buildId, builder: 'shipyard:4711' };
    await claimBuild(ctx, holder);
    const [hash, message] = COMMITS[at % COMMITS.length] ?? COMMITS[0];
    await noteCommit(ctx, holder, { hash: hash.padEnd(40, '0'), message, author: 'Alice' });
    for (const text of LOG) await appendLog(ctx, holder, text);
    await noteDockerfile(ctx, holder, DOCKERFILE);
    return holder;
  };
  for (const [at, ending] of ENDINGS.entries()) {
    const holder = await begin(at);
    if (ending.state !== 'cancelled') await appendLog(ctx, holder, LAST[ending.state]);
    await finishBuild(ctx, holder, ending);
    const age = `${(ENDINGS.length - at) * 40} hours`;
    const took = `${30 + ((at * 17) % 50)} seconds`;
    await query(
      ctx.db,
      `update builds set created_at = now() - $2::interval, started_at = now() - $2::interval,
         finished_at = now() - $2::interval + $3::interval where id = $1`,
      [holder.buildId, age, took],
    );
  }
  await query(
    ctx.db,
    `update build_logs l set at = b.started_at + l.seq * (b.finished_at - b.started_at) / 7 from builds b
     where b.id = l.build_id and b.finished_at is not null`,
  );
  await begin(ENDINGS.length);
  const [rule] = await listRules(ctx, repository);
  await startBuilds(ctx, repository, { kind: 'rule', id: rule?.id ?? 0 });
  const body = new URLSearchParams({ docker_tag: '9.9' });
  await fetch(`${server.url}${new URL(String(url)).pathname}`, { method: 'POST', body });
  await noteBuilder(ctx, 'shipyard:4711');
}
