import { addLink } from '../../src/features/builds/links';
import { removeSource } from '../../src/features/builds/source-changes';
import { addSource } from '../../src/features/builds/sources';
import { startBuilds } from '../../src/features/builds/starting';
import { createTrigger } from '../../src/features/builds/triggers';
import { claimBuild, finishBuild } from '../../src/features/builds/running';
import { getAdministered, getReadable } from '../../src/features/repositories/get-repository';
import { readFullName } from '../../src/features/repositories/names';
import { actorOf } from '../helpers/actors';
import type { Scenario } from './scenarios';
import type { Stage } from './stage';

/* What changes of automated repositories need: a source, and builds of it. */

const REPOSITORY = '/api/v1.1/repositories/:namespace/:name';
const VAULT = readFullName('alice/vault-real');
const BASE = readFullName('library/base-real');
const OTHER = readFullName('alice/other');

async function automated({ server }: Stage, name = VAULT) {
  const { ctx } = server;
  const alice = await actorOf(server, name.namespace === 'library' ? 'root' : 'alice');
  const repository = await getAdministered(ctx, alice, name);
  await addSource(ctx, repository, { provider: 'git', cloneUrl: 'https://git.example/app.git' });
  return { ctx, alice, repository };
}

async function withSource(stage: Stage): Promise<Scenario> {
  await automated(stage);
  return {};
}

/** @param hasEnded - whether the build is over */
async function withBuild(stage: Stage, hasEnded: boolean, name = VAULT): Promise<Scenario> {
  const { ctx, repository } = await automated(stage, name);
  const [build] = await startBuilds(ctx, repository, { kind: 'all' });
  const buildId = build?.id ?? 0;
  const holder = { buildId, builder: 'host:1' };
  if (hasEnded) await claimBuild(ctx, holder);
  if (hasEnded) await finishBuild(ctx, holder, { state: 'error', error: 'It failed' });
  return { params: { build: String(buildId) } };
}

/** A repository of the stage in a namespace, and one of the library. */
export type Place = 'vault' | 'base';
const PLACES: Readonly<Record<Place, typeof VAULT>> = { vault: VAULT, base: BASE };

/** Gives a repository a source with a trigger and a build. @returns the number of the build */
export async function withEverything(stage: Stage, place: Place): Promise<string> {
  const name = PLACES[place];
  const { params } = await withBuild(stage, true, name);
  const { ctx } = stage.server;
  const actor = await actorOf(stage.server, place === 'base' ? 'root' : 'alice');
  await createTrigger(ctx, await getAdministered(ctx, actor, name));
  return params?.['build'] ?? '';
}

/** Makes a repository an ordinary one again. */
export async function withoutSource({ server }: Stage, place: Place): Promise<void> {
  const actor = await actorOf(server, place === 'base' ? 'root' : 'alice');
  await removeSource(server.ctx, await getAdministered(server.ctx, actor, PLACES[place]));
}

/** The forms of the pages: for a repository in a namespace, and for one in the library. */
function ofBoth(
  route: string,
  prepare: (stage: Stage, name: typeof VAULT) => Promise<Scenario>,
): Record<string, (stage: Stage) => Promise<Scenario>> {
  return {
    [`POST /r/:namespace/:name/${route}`]: (stage) => prepare(stage, VAULT),
    [`POST /_/:name/${route}`]: (stage) => prepare(stage, BASE),
  };
}

export const BUILD_SCENARIOS: Readonly<Record<string, (stage: Stage) => Promise<Scenario>>> = {
  ...ofBoth('builds/', async (stage, name) => {
    await automated(stage, name);
    return {};
  }),
  ...ofBoth('builds/:build/cancel/', (stage, name) => withBuild(stage, false, name)),
  ...ofBoth('builds/:build/retry/', (stage, name) => withBuild(stage, true, name)),
  [`POST ${REPOSITORY}/builds/`]: withSource,
  [`POST ${REPOSITORY}/builds/:build/cancel/`]: (stage) => withBuild(stage, false),
  [`POST ${REPOSITORY}/builds/:build/retry/`]: (stage) => withBuild(stage, true),
  [`PATCH ${REPOSITORY}/build-source/`]: withSource,
  [`DELETE ${REPOSITORY}/build-source/`]: withSource,
  [`POST ${REPOSITORY}/build-source/hook/`]: withSource,
  [`PUT ${REPOSITORY}/build-rules/`]: withSource,
  [`POST ${REPOSITORY}/build-trigger/`]: withSource,
  [`DELETE ${REPOSITORY}/build-trigger/`]: async (stage) => {
    const { ctx, repository } = await automated(stage);
    await createTrigger(ctx, repository);
    return {};
  },
  [`POST ${REPOSITORY}/build-links/`]: withSource,
  [`DELETE ${REPOSITORY}/build-links/:base_namespace/:base_name/`]: async (stage) => {
    const { ctx, alice, repository } = await automated(stage);
    await addLink(ctx, repository, await getReadable(ctx, alice, OTHER));
    return { params: { base_namespace: OTHER.namespace, base_name: OTHER.name } };
  },
};
