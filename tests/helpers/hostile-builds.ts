import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { appendLog } from '../../src/features/builds/build-log';
import { claimBuild, finishBuild, noteCommit, noteDockerfile } from '../../src/features/builds/running';
import { getAdministered } from '../../src/features/repositories/get-repository';
import { queueOf } from './builds';
import { linePayloads, MARKUP_PAYLOADS } from './payloads';
import type { TestServer } from './test-server';

const ESC = '\x1b';

/** What a Dockerfile can write into its log, whole and within sequences of terminals. */
function hostileLog(): string {
  const lines = linePayloads(4000).flatMap((text) => [
    text,
    `STEP 1/2: ${text}`,
    `${ESC}[31m${text}${ESC}[0m`,
    `${ESC}]8;;${text}${ESC}\\link${ESC}]8;;${ESC}\\`,
    `${ESC}[3${text}1m${text}`,
  ]);
  return `${lines.join('\n')}\n`;
}

/** Gives each of these repositories a build with payloads in its commit, its Dockerfile, its log and its error. */
export async function fillWithBuilds({ ctx }: TestServer, owners: readonly string[]): Promise<void> {
  for (const [index, namespace] of owners.entries()) {
    const repository = await getAdministered(ctx, OPERATOR_ACTOR, { namespace, name: 'trap' });
    const texts = linePayloads(200);
    const text = texts[index % texts.length] ?? '';
    const { id: buildId } = await queueOf(ctx, repository);
    const holder = { buildId, builder: 'host:1' };
    await claimBuild(ctx, holder);
    await noteCommit(ctx, holder, { hash: '0'.repeat(40), message: `${text}\n\n${text}`, author: text });
    await noteDockerfile(ctx, holder, `${text}\n${MARKUP_PAYLOADS.join('\n')}`);
    await appendLog(ctx, holder, hostileLog());
    // Every second build still runs, so that the script of its page follows it.
    if (index % 2 === 0) await finishBuild(ctx, holder, { state: 'error', error: text });
  }
}
