import type { RetentionPreview } from '../../../../features/retention/preview';
import { reasonText } from '../../../../features/retention/reasons';
import type { RetentionRun } from '../../../../features/retention/runs';
import { Badge, Table } from '../../components/page-parts';
import { Ago, formatCount, plural } from '../../components/quantities';
import type { View } from '../../view';

/* The parts of the page about retention: what would happen to each tag, and what the last runs did. */

/** What would happen to the tags of this page of the list. */
export function Fates({ preview }: { readonly preview: RetentionPreview }): View {
  return (
    <Table caption="What a run would do with each tag" head={['Tag', 'Pushed', 'A run would']}>
      {preview.tags.map(({ tag, pushedAt, keptBecause }) => (
        <tr>
          <td>
            <code>{tag}</code>
          </td>
          <td>
            <Ago at={pushedAt} />
          </td>
          <td>
            {keptBecause === undefined ? (
              <Badge tone="bad">delete it</Badge>
            ) : (
              <>keep it: {reasonText(keptBecause, preview.rules)}</>
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

const STATES: Readonly<
  Record<RetentionRun['state'], readonly [tone: 'plain' | 'good' | 'bad' | 'official', text: string]>
> = {
  waiting: ['plain', 'waiting'],
  running: ['official', 'running'],
  finished: ['good', 'finished'],
  failed: ['bad', 'failed'],
};

function Run({ run }: { readonly run: RetentionRun }): View {
  const [tone, text] = STATES[run.state];
  return (
    <li>
      <p class="title-line">
        <Badge tone={tone}>{text}</Badge> {plural(run.deleted, 'tag')} deleted
        {run.kept !== undefined && <>, {formatCount(run.kept)} kept</>}
        <small>
          <Ago at={run.startedAt ?? run.requestedAt} /> by {run.requestedBy ?? 'the daily schedule'}
        </small>
      </p>
      {run.error !== undefined && <p class="fine">{run.error}</p>}
    </li>
  );
}

/** The last runs. */
export function Runs({ runs }: { readonly runs: readonly RetentionRun[] }): View {
  if (runs.length === 0) return <p class="fine">There was no run yet. One starts every night.</p>;
  return (
    <ul class="rows">
      {runs.map((run) => (
        <Run run={run} />
      ))}
    </ul>
  );
}
