import type { Server } from 'node:http';
import { Sender } from '../isolation/answers';
import { callerForVault, castCallers, staleCallers, type Caller } from '../isolation/callers';
import { sweptRoutes } from '../isolation/routes';
import { buildStage, type Stage } from '../isolation/stage';
import { changesBetween, readState } from '../isolation/state';
import { forAll, isTrace, tryAs } from '../isolation/trying';
import { startHosts, type Hosts } from './hosts';

/*
 * The sweep of tests/isolation through the proxy: the answer about something private comes from one host, and that about
 * something that does not exist from another one.
 */

/** What the hosts do in the background. */
const BACKGROUND =
  /^(?:jobs|job_\w+|hosts|mails|webhook_(?:attempts|deliver\w+)|maintenance_runs|storage_\w+|processes|audit_events) /;

/** A hub on three hosts with private things, and all who ask. */
export interface PolicyHub {
  readonly stage: Stage;
  readonly callers: readonly Caller[];
  /**
   * Tries one of `share` routes as each caller: with another caller it is another one, so that all are tried.
   *
   * @returns what one of them saw, detected or changed, and how many requests there were at least
   */
  sweep(share: number): Promise<{ readonly faults: string[]; readonly tried: number }>;
  close(): Promise<void>;
}

/** Starts it. */
export async function startPolicyHub(): Promise<PolicyHub> {
  const hub: Hosts = await startHosts();
  // The helpers send requests to `url` or `port`; supertest takes a URL as well.
  const server = { ...hub, server: hub.url as unknown as Server, blobDir: '' };
  const stage = await buildStage(server);
  const vault = await callerForVault(server);
  const callers = [...(await castCallers(server)), vault, ...(await staleCallers(server))];
  const sender = new Sender(hub.port);
  return {
    stage,
    callers,
    sweep: async (share) => {
      const before = await readState(hub.ctx.db);
      const faults: string[] = [];
      let tried = 0;
      for (const [at, caller] of callers.entries()) {
        const routes = sweptRoutes().filter(
          ({ door }, index) => caller.doors.includes(door) && (index + at) % share === 0,
        );
        tried += routes.length;
        faults.push(...(await forAll(routes, (route) => tryAs(caller, route, stage, sender))));
      }
      const changes = changesBetween(before, await readState(hub.ctx.db));
      faults.push(...changes.filter((line) => !isTrace(line) && !BACKGROUND.test(line)));
      return { faults, tried };
    },
    close: async () => {
      sender.close();
      await hub.close();
    },
  };
}
