import type { MaintenanceRun } from '../../../../features/maintenance/runs';
import type { Visitor } from '../../visitor';
import type { View } from '../../view';
import { Ago, formatBytes, formatCount } from '../../components/quantities';
import { ActButton } from '../../components/buttons';
import { Badge } from '../../components/page-parts';

/* Runs of gc and scrub, with their progress. */

const KINDS: Readonly<Record<MaintenanceRun['kind'], string>> = {
  gc_dry_run: 'Garbage collection (dry run)',
  gc: 'Garbage collection',
  scrub: 'Scrub',
};

const STATES: Readonly<
  Record<MaintenanceRun['state'], readonly [tone: 'plain' | 'good' | 'warn' | 'bad' | 'official', text: string]>
> = {
  waiting: ['plain', 'waiting'],
  running: ['official', 'running'],
  finished: ['good', 'finished'],
  failed: ['bad', 'failed'],
  cancelled: ['warn', 'cancelled'],
  broken_off: ['bad', 'interrupted'],
};

/** Whether a run is waiting or running, so that its state changes by itself. */
export function isGoingOn({ state }: MaintenanceRun): boolean {
  return state === 'waiting' || state === 'running';
}

function shown(name: string, value: unknown): string | undefined {
  if (typeof value !== 'number') return undefined;
  return name.toLowerCase().includes('bytes') ? formatBytes(value) : `${formatCount(value)} ${name}`;
}

/** `3 repositories, 12 images, 4.2 MB` */
function sentenceOf(facts: Readonly<Record<string, unknown>>): string {
  return Object.entries(facts)
    .flatMap(([name, value]) => shown(name, value) ?? [])
    .join(', ');
}

/** The progress of a run, as a share of the whole; undefined: not known yet. */
function shareOf({ progress }: MaintenanceRun): { value: number; max: number } | undefined {
  const { done, repositories, bytes, totalBytes } = progress;
  if (done !== undefined && repositories !== undefined) return { value: done, max: Math.max(repositories, 1) };
  if (bytes !== undefined && totalBytes !== undefined) return { value: bytes, max: Math.max(totalBytes, 1) };
  return undefined;
}

function Progress({ run }: { run: MaintenanceRun }): View {
  const share = shareOf(run);
  const label = `Progress: ${KINDS[run.kind]}`;
  return (
    <>
      {share === undefined ? (
        <progress aria-label={label}></progress>
      ) : (
        <progress {...share} aria-label={label}></progress>
      )}
      <p class="fine">{sentenceOf(run.progress)}</p>
    </>
  );
}

function Run({ visitor, run }: { visitor: Visitor; run: MaintenanceRun }): View {
  const [tone, text] = STATES[run.state];
  return (
    <li>
      <p class="title-line">
        {KINDS[run.kind]} <Badge tone={tone}>{text}</Badge>
        <small>
          <Ago at={run.startedAt ?? run.requestedAt} /> by {run.requestedBy}
        </small>
      </p>
      {isGoingOn(run) && <Progress run={run} />}
      {run.result !== undefined && <p>{sentenceOf(run.result)}</p>}
      {run.error !== undefined && <p class="fine">{run.error}</p>}
      {isGoingOn(run) && !run.isCancelRequested && (
        <ActButton
          visitor={visitor}
          action="/admin/storage/cancel/"
          fields={{ id: String(run.id) }}
          label={`Cancel: ${KINDS[run.kind]}`}
        >
          Cancel
        </ActButton>
      )}
    </li>
  );
}

/** The latest runs. While one of them is waiting or running, the script requests them again and again. */
export function Runs({ visitor, runs }: { visitor: Visitor; runs: readonly MaintenanceRun[] }): View {
  const fresh = runs.some(isGoingOn) ? { 'data-refresh': '/admin/storage/runs/', 'data-every': '2' } : {};
  return (
    <div {...fresh} aria-live="polite">
      {runs.length === 0 && (
        <p class="fine">No runs have been started here yet. The server also scrubs automatically every night.</p>
      )}
      {runs.length > 0 && (
        <ul class="rows">
          {runs.map((run) => (
            <Run visitor={visitor} run={run} />
          ))}
        </ul>
      )}
    </div>
  );
}
