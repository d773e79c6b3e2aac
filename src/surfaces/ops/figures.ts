import type { Context } from '../../context';
import { getSiteFigures, type SiteFigures } from '../../features/maintenance/site-figures';
import { poolFigures } from '../../platform/db/db';
import { BUILD } from '../../platform/process/build';
import type { ProcessFigure, SiteFigure } from '../../platform/metrics/figures';

/* What /metrics has in addition to requests and Node.js; docs/METRICS.md explains each figure. */

function loginFigures(ctx: Context): ProcessFigure[] {
  const { pair, address, account, code } = ctx.loginLimiters;
  return [
    {
      name: 'drydock_login_failures_total',
      help: 'Wrong passwords and codes of the second factor',
      kind: 'counter',
      label: 'kind',
      read: () => ({ password: pair.figures.failures, code: code.figures.failures }),
    },
    {
      name: 'drydock_login_lockouts_total',
      help: 'Pauses of logins that began after too many failures',
      kind: 'counter',
      label: 'limit',
      read: () => ({
        pair: pair.figures.pauses,
        address: address.figures.pauses,
        account: account.figures.pauses,
        code: code.figures.pauses,
      }),
    },
  ];
}

/** The figures of this process. */
export function processFigures(ctx: Context): ProcessFigure[] {
  return [
    ...loginFigures(ctx),
    {
      name: 'drydock_pulls_total',
      help: 'Pulls over v1 and v2',
      kind: 'counter',
      read: () => ctx.activity.totalOf('pull'),
    },
    {
      name: 'drydock_pushes_total',
      help: 'Pushes over v1 and v2',
      kind: 'counter',
      read: () => ctx.activity.totalOf('push'),
    },
    {
      name: 'drydock_uploads_in_flight',
      help: 'Layers and blobs that arrive at this moment',
      kind: 'gauge',
      read: () => ctx.layerUploads.total,
    },
    {
      name: 'drydock_database_connections',
      help: 'Connections of the pools to the database, and work that waits for one',
      kind: 'gauge',
      label: 'state',
      read: () => ({ ...poolFigures(ctx.db) }),
    },
    {
      name: 'drydock_cache_bytes',
      help: 'Size of what the caches of answers hold',
      kind: 'gauge',
      read: () => ctx.cache.figures.bytes,
    },
    {
      name: 'drydock_cache_lookups_total',
      help: 'Lookups in the caches of answers',
      kind: 'counter',
      label: 'result',
      read: () => ({ ...ctx.cache.figures.lookups }),
    },
  ];
}

const KEPT_MS = 5000;

/** The site-wide figures; a reading counts for five seconds, however often the metrics are asked for. */
export function siteFigures(ctx: Context): () => Promise<readonly SiteFigure[]> {
  let last: { readonly at: number; readonly figures: Promise<readonly SiteFigure[]> } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.at > KEPT_MS) {
      last = { at: performance.now(), figures: getSiteFigures(ctx).then(named) };
    }
    return last.figures;
  };
}

function named({ health, storage, freeBytes, jobs, lastBackupAt }: SiteFigures): SiteFigure[] {
  return [
    {
      name: 'drydock_build_info',
      help: 'The version and the commit of the process that answers',
      labels: { version: BUILD.version, commit: BUILD.commit ?? '' },
      values: 1,
    },
    {
      name: 'drydock_ready',
      help: 'Whether a part that the server needs answers: 1 or 0',
      label: 'part',
      values: { database: Number(health.database === 'ok'), storage: Number(health.storage !== 'failed') },
    },
    {
      name: 'drydock_storage_full',
      help: 'Whether layers are refused because the limit or the reserve is reached: 1 or 0',
      values: Number(health.storage === 'full'),
    },
    { name: 'drydock_storage_bytes', help: 'Size of all stored blobs, each once', values: storage?.bytes },
    { name: 'drydock_storage_free_bytes', help: 'Free space on the disk of the layers', values: freeBytes },
    { name: 'drydock_damaged_layers', help: 'Layers that cannot be served', values: storage?.damagedLayers },
    { name: 'drydock_repositories', help: 'Repositories', values: storage?.repositories },
    {
      name: 'drydock_jobs',
      help: 'Background jobs in the queue; those that were given up are failed',
      label: 'state',
      values: jobs && { waiting: jobs.waiting, running: jobs.running, failed: jobs.failed },
    },
    {
      name: 'drydock_oldest_job_seconds',
      help: 'For how long the oldest waiting job has been due',
      values: jobs?.oldestSeconds,
    },
    {
      name: 'drydock_last_backup_timestamp_seconds',
      help: 'When the last backup by drydock backup ended, in seconds since 1970',
      values: lastBackupAt && lastBackupAt.getTime() / 1000,
    },
  ];
}
