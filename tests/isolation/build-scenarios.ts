import { addLink } from '../../src/features/builds/links';
import { listRules } from '../../src/features/builds/rules';
import { removeSource } from '../../src/features/builds/source-changes';
import { addSource } from '../../src/features/builds/sources';
import { startBuilds } from '../../src/features/builds/starting';
import { createTrigger } from '../../src/features/builds/triggers';
import { claimBuild, finishBuild } from '../../src/features/builds/running';
import { getAdministered, getReadable } from '../../src/features/repositories/get-repository';
import { readFullName } from '../../src/features/repositories/names';
import { repositoryPath } from '../../src/surfaces/web/repository-path';
import { actorOf } from '../helpers/actors';
import { browseAs } from '../helpers/browse';
import type { Scenario } from './scenarios';
import type { Stage } from './stage';

/* What changes of automated repositories need: a source, and builds of it. */

const REPOSITORY = '/api/v1.1/repositories/:namespace/:name';
const VAULT = readFullName('alice/vault-real');
const BASE = readFullName('library/base-real');
const OTHER = readFullName('alice/other');

function ownerOf({ namespace }: typeof VAULT): string {
  return namespace === 'library' ? 'root' : 'alice';
}

async function automated({ server }: Stage, name = VAULT) {
  const { ctx } = server;
  const actor = await actorOf(server, ownerOf(name));
  const repository = await getAdministered(ctx, actor, name);
  await addSource(ctx, repository, { provider: 'git', cloneUrl: 'https://git.example/app.git' });
  return { ctx, actor, repository };
}

async function withSource(stage: Stage, name = VAULT): Promise<Scenario> {
  await automated(stage, name);
  return {};
}

async function withTrigger(stage: Stage, name = VAULT): Promise<Scenario> {
  const { ctx, repository } = await automated(stage, name);
  await createTrigger(ctx, repository);
  return {};
}

/** Gives a repository a source. @returns the number of its build rule */
async function ruleOf(stage: Stage, name: typeof VAULT): Promise<string> {
  const { ctx, repository } = await automated(stage, name);
  const [rule] = await listRules(ctx, repository);
  return String(rule?.id);
}

/** The version in the form of a page of the settings; the repository gets a source if it has none. */
async function versionOf(stage: Stage, name: typeof VAULT, page: string): Promise<string> {
  const { server } = stage;
  if (page === '') await automated(stage, name);
  const browser = await browseAs(server, ownerOf(name));
  const { html } = await browser.get(`${repositoryPath(name)}settings/builds/${page}`);
  return (/name="version" value="([^"]*)"/.exec(html)?.[1] ?? '').replaceAll('&quot;', '"');
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

/** Gives a repository a source with a trigger and a build. @returns the numbers of the build and of its rule */
export async function withEverything(
  stage: Stage,
  place: Place,
): Promise<{ readonly build: string; readonly rule: string }> {
  const name = PLACES[place];
  const { params } = await withBuild(stage, true, name);
  const { ctx } = stage.server;
  const repository = await getAdministered(ctx, await actorOf(stage.server, ownerOf(name)), name);
  await createTrigger(ctx, repository);
  const [rule] = await listRules(ctx, repository);
  return { build: params?.['build'] ?? '', rule: String(rule?.id) };
}

/** Makes a repository an ordinary one again. */
export async function withoutSource({ server }: Stage, place: Place): Promise<void> {
  const name = PLACES[place];
  await removeSource(server.ctx, await getAdministered(server.ctx, await actorOf(server, ownerOf(name)), name));
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
  ...ofBoth('builds/', withSource),
  ...ofBoth('settings/builds/change/', async (stage, name) => ({
    fields: { version: await versionOf(stage, name, '') },
  })),
  ...ofBoth('settings/builds/hook/', withSource),
  ...ofBoth('settings/builds/remove/', withSource),
  ...ofBoth('settings/builds/rules/', withSource),
  ...ofBoth('settings/builds/rules/:rule/', async (stage, name) => {
    const rule = await ruleOf(stage, name);
    return { params: { rule }, fields: { version: await versionOf(stage, name, `rules/${rule}/`) } };
  }),
  ...ofBoth('settings/builds/rules/:rule/delete/', async (stage, name) => ({
    params: { rule: await ruleOf(stage, name) },
  })),
  ...ofBoth('settings/builds/trigger/', withSource),
  ...ofBoth('settings/builds/trigger/remove/', withTrigger),
  ...ofBoth('settings/builds/schedule/', withSource),
  ...ofBoth('settings/builds/links/', withSource),
  ...ofBoth('settings/builds/links/remove/', async (stage, name) => {
    const { ctx, actor, repository } = await automated(stage, name);
    await addLink(ctx, repository, await getReadable(ctx, actor, OTHER));
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
  [`DELETE ${REPOSITORY}/build-trigger/`]: withTrigger,
  [`POST ${REPOSITORY}/build-links/`]: withSource,
  [`DELETE ${REPOSITORY}/build-links/:base_namespace/:base_name/`]: async (stage) => {
    const { ctx, actor, repository } = await automated(stage);
    await addLink(ctx, repository, await getReadable(ctx, actor, OTHER));
    return { params: { base_namespace: OTHER.namespace, base_name: OTHER.name } };
  },
};
