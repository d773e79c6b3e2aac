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
const OTHER = readFullName('alice/other');

async function automated({ server }: Stage) {
  const { ctx } = server;
  const alice = await actorOf(server, 'alice');
  const repository = await getAdministered(ctx, alice, VAULT);
  await addSource(ctx, repository, { provider: 'git', cloneUrl: 'https://git.example/app.git' });
  return { ctx, alice, repository };
}

async function withSource(stage: Stage): Promise<Scenario> {
  await automated(stage);
  return {};
}

/** @param hasEnded - whether the build is over */
async function withBuild(stage: Stage, hasEnded: boolean): Promise<Scenario> {
  const { ctx, repository } = await automated(stage);
  const [build] = await startBuilds(ctx, repository, { kind: 'all' });
  const buildId = build?.id ?? 0;
  const holder = { buildId, builder: 'host:1' };
  if (hasEnded) await claimBuild(ctx, holder);
  if (hasEnded) await finishBuild(ctx, holder, { state: 'error', error: 'It failed' });
  return { params: { build: String(buildId) } };
}

/** Gives the vault a source with a trigger and a build. @returns the number of the build */
export async function withEverything(stage: Stage): Promise<string> {
  const { params } = await withBuild(stage, true);
  const { ctx } = stage.server;
  await createTrigger(ctx, await getAdministered(ctx, await actorOf(stage.server, 'alice'), VAULT));
  return params?.['build'] ?? '';
}

/** Makes the vault an ordinary repository again. */
export async function withoutSource({ server }: Stage): Promise<void> {
  await removeSource(server.ctx, await getAdministered(server.ctx, await actorOf(server, 'alice'), VAULT));
}

export const BUILD_SCENARIOS: Readonly<Record<string, (stage: Stage) => Promise<Scenario>>> = {
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
