import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../log/logger';
import { placeCluster, type ClusterPlace } from './cluster-place';
import { ensureServer, type ServerOptions } from './ensure-server';
import { DATABASE_NAME, type Holder, SERVER_PORT } from './holder';
import { DATABASE_USER } from './init-cluster';
import { readLiveLockFile } from './lock-file';
import { boundLog } from './bound-log';
import { hastenStop, stopServer } from './postmaster';

const RETRY_MS = 1000;
const LOOK_MS = 500;

/** A Postgres server that we run ourselves and share with the other Drydock processes on the same data directory. */
export interface EmbeddedPostgres {
  /** What pg needs to connect: the directory of the server's socket is the host. */
  readonly connection: { host: string; port: number; user: string; database: string };
  /** Leaves the server; the last process to leave stops it. May be called again. */
  stop(): Promise<void>;
}

/**
 * Joins the Postgres server of a data directory, which this process starts if it is not running. From then on the
 * server is watched, and restarted if it goes away. Either side survives a kill of the other: see holder.ts and
 * ensure-server.ts.
 *
 * @param options.dataDir - the cluster goes into `<dataDir>/postgres`, the server's output into
 *   `<dataDir>/postgres.log`
 * @param options.settings - server settings, used only if this process starts the server
 * @param options.stopping - aborts a start that is in progress, and stops what it started
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  logger: Logger;
  settings?: Readonly<Record<string, string>>;
  stopping?: AbortSignal;
}): Promise<EmbeddedPostgres> {
  const { dataDir, logger, settings = {}, stopping = new AbortController().signal } = options;
  const place = placeCluster(dataDir);
  const server: ServerOptions = { place, logger, settings };
  const watch = watchServer(server, await ensureServer(server, stopping));
  let stopped: Promise<void> | undefined;
  return {
    connection: { host: place.socketDir, port: SERVER_PORT, user: DATABASE_USER, database: DATABASE_NAME },
    stop: () => (stopped ??= leaveServer(server, watch)),
  };
}

interface Watch {
  /** Ends the watch and gives up our share in the server, if there still is a server. */
  end(): Promise<Holder | undefined>;
}

function watchServer(server: ServerOptions, first: Holder): Watch {
  const ending = new AbortController();
  const isEnding = (): boolean => ending.signal.aborted;
  let holder: Holder | undefined = first;

  async function keepServerUp(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      ending.signal.addEventListener('abort', () => {
        resolve();
      });
    });
    while (!isEnding()) {
      if (holder !== undefined) {
        await Promise.race([holder.lost, ended]);
        if (isEnding()) return;
        server.logger.warn({ dir: server.place.clusterDir }, 'lost the database server, getting it back');
      }
      try {
        holder = undefined;
        holder = await ensureServer(server, ending.signal);
        server.logger.info({ dir: server.place.clusterDir }, 'the database server is back');
      } catch (error) {
        if (isEnding()) return;
        server.logger.error({ err: error }, 'cannot get the database server back, will try again');
        await sleep(RETRY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      }
    }
  }

  const done = keepServerUp();
  const look = (): void => {
    try {
      // A supervisor that signals all processes of a service signals Postgres, too. Postgres then accepts no new
      // connections and waits for all clients to leave.
      hastenStop(server.place.clusterDir);
      boundLog(server.place.logFile);
    } catch (error) {
      server.logger.warn({ err: error }, 'cannot look after the database server');
    }
  };
  const looking = setInterval(look, LOOK_MS).unref();
  return {
    end: async () => {
      clearInterval(looking);
      ending.abort();
      await done;
      return holder;
    },
  };
}

async function leaveServer({ place, logger }: ServerOptions, watch: Watch): Promise<void> {
  const holder = await watch.end();
  const isLast = await holder?.leave();
  if ((isLast === true || isStopping(place)) && !(await stopServer(place.clusterDir))) {
    logger.warn({ dir: place.clusterDir }, 'the database server is slow to stop, leaving it to itself');
  }
  await holder?.close();
}

/** Another process told the server to stop: we wait until it has released the data. */
function isStopping({ clusterDir }: ClusterPlace): boolean {
  return readLiveLockFile(clusterDir)?.status === 'stopping';
}
