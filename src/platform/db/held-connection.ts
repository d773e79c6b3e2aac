import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/* A connection that holds a lock, which ends with it. Both ends must notice soon that the other one is gone. */

const HEARTBEAT_MS = 10_000;

/**
 * Postgres must give up the connection of a dead process, but only after the process, which asks every ten seconds and
 * waits ten for the answer, has noticed. A socket has no such settings and ignores them.
 */
export const KEEPALIVE = `select set_config('tcp_keepalives_idle', '10', false),
  set_config('tcp_keepalives_interval', '10', false), set_config('tcp_keepalives_count', '3', false)`;

/** Asks on the connection, again and again, until it is lost, or `over` is aborted. */
export async function untilLost(client: pg.ClientBase, over: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await sleep(HEARTBEAT_MS, undefined, { signal: over });
      await client.query({ text: 'select 1', query_timeout: HEARTBEAT_MS } as pg.QueryConfig);
    }
  } catch {
    // It is lost, or over.
  }
}
