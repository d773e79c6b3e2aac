import { dropJob, listJobs, retryJob, type QueuedJob } from '../../../../features/maintenance/job-queue';
import type { WebHandler } from '../../access';
import { Ago } from '../../components/quantities';
import { ActButton, DangerButton } from '../../components/buttons';
import { Select } from '../../components/forms';
import { Badge, Empty, Table } from '../../components/page-parts';
import { Paging, pageAsked } from '../../components/paging';
import { attempt } from '../../problems';
import { page, redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { AdministrationFrame } from './frame';

const PATH = '/admin/jobs/';

const STATES = [
  { value: '', label: 'All' },
  { value: 'waiting', label: 'Waiting' },
  { value: 'running', label: 'Running' },
  { value: 'failed', label: 'Failed' },
];

const TONES = { waiting: 'plain', running: 'official', failed: 'bad' } as const;

function stateFrom(text: string | null): QueuedJob['state'] | undefined {
  return text === 'waiting' || text === 'running' || text === 'failed' ? text : undefined;
}

function JobRow({ job, visitor }: { readonly job: QueuedJob; readonly visitor: Visitor }): View {
  const fields = { id: String(job.id) };
  return (
    <tr>
      <td class="mono">{job.name}</td>
      <td>
        <Badge tone={TONES[job.state]}>{job.state === 'failed' ? 'failed' : job.state}</Badge>
      </td>
      <td class="number">
        {job.attempts} of {job.maxAttempts}
      </td>
      <td>{job.state === 'failed' ? '' : <Ago at={job.runAt} />}</td>
      <td>{job.lastError ?? ''}</td>
      <td>
        {job.state !== 'running' && (
          <div class="actions">
            <ActButton visitor={visitor} action={`${PATH}retry/`} fields={fields} label={`Retry ${job.name}`}>
              Retry
            </ActButton>
            <DangerButton
              visitor={visitor}
              action={`${PATH}drop/`}
              fields={fields}
              label={`Delete ${job.name}`}
              text="Delete"
              question="The job never runs, and what it was to do stays undone."
            />
          </div>
        )}
      </td>
    </tr>
  );
}

/** The jobs that run in the background. */
export const getJobs: WebHandler<'administrator'> = async (ctx, { caller, query }) => {
  const state = stateFrom(query.get('state'));
  const asked = pageAsked(query);
  const filter = state === undefined ? asked : { ...asked, state };
  const { total, jobs } = await listJobs(ctx, caller.actor, filter);
  return page(
    caller,
    { title: 'Jobs', section: 'admin' },
    <AdministrationFrame title="Jobs" subtitle="Email, webhooks and other background work" current={PATH}>
      <form class="filters" action={PATH}>
        <Select label="State" name="state" value={state ?? ''} options={STATES} />
        <button type="submit" class="quiet">
          Filter
        </button>
      </form>
      {jobs.length === 0 && (
        <Empty title="The queue is empty">
          <p>All jobs have finished.</p>
        </Empty>
      )}
      {jobs.length > 0 && (
        <Table caption="Jobs" head={['Job', 'State', 'Attempts', 'Next', 'Last error', '']} numbers={[2]}>
          {jobs.map((job) => (
            <JobRow job={job} visitor={caller} />
          ))}
        </Table>
      )}
      <Paging asked={asked} total={total} path={PATH} query={{ state }} />
    </AdministrationFrame>,
  );
};

export const postRetry: WebHandler<'administrator-form'> = async (ctx, { caller }) => {
  const { fault } = await attempt(() => retryJob(ctx, caller.actor, caller.form.id('id')));
  const notice = fault === undefined ? 'The job will run again now.' : { text: fault.text, kind: 'problem' as const };
  return redirect(caller, PATH, { notice });
};

export const postDrop: WebHandler<'administrator-form'> = async (ctx, { caller }) => {
  const { fault } = await attempt(() => dropJob(ctx, caller.actor, caller.form.id('id')));
  const notice = fault === undefined ? 'The job was deleted.' : { text: fault.text, kind: 'problem' as const };
  return redirect(caller, PATH, { notice });
};
