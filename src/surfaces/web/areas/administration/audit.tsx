import { readAuditLog } from '../../../../features/access/audit-log';
import type { RecordedEvent } from '../../../../features/audit/audit';
import type { WebHandler } from '../../access';
import { Moment } from '../../components/quantities';
import { Field } from '../../components/forms';
import { Empty, Table } from '../../components/page-parts';
import { Paging, pageAsked } from '../../components/paging';
import { page } from '../../reply';
import type { View } from '../../view';
import { AdministrationFrame } from './frame';

const PAGE_SIZE = 50;
const LONGEST = 255;
const DAY_MS = 24 * 3_600_000;

/** The first moment of a day as forms send it, in UTC; undefined: no day, or one that does not exist. */
function dayFrom(text: string): Date | undefined {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? new Date(text) : undefined;
}

function Details({ details }: Pick<RecordedEvent, 'details'>): View {
  const entries = Object.entries(details);
  return <>{entries.map(([name, value]) => `${name}: ${String(value)}`).join(', ')}</>;
}

/** The audit log: who did what, and from where. */
export const getAudit: WebHandler<'administrator'> = async (ctx, { caller, query }) => {
  const typed = (name: string): string => (query.get(name) ?? '').trim().slice(0, LONGEST);
  const [user, action, subject] = [typed('user'), typed('action'), typed('subject')];
  const [since, until] = [typed('since'), typed('until')];
  const lastDay = dayFrom(until);
  const filter = {
    user: user === '' ? undefined : user,
    action: action === '' ? undefined : action,
    subject: subject === '' ? undefined : subject,
    since: dayFrom(since),
    until: lastDay && new Date(lastDay.getTime() + DAY_MS),
  };
  const asked = pageAsked(query, PAGE_SIZE);
  const { total, events } = await readAuditLog(ctx, caller.actor, { ...filter, ...asked });
  return page(
    caller,
    { title: 'Audit log', section: 'admin' },
    <AdministrationFrame title="Audit log" subtitle="Who did what, and from where" current="/admin/audit/">
      <form class="filters" action="/admin/audit/">
        <Field label="Who" name="user" value={user} maxlength={LONGEST} />
        <Field label="Action" name="action" value={action} maxlength={LONGEST} placeholder="for example, tag" />
        <Field label="Subject" name="subject" value={subject} maxlength={LONGEST} />
        <Field label="Since" name="since" type="date" value={since} />
        <Field label="Until" name="until" type="date" value={until} />
        <button type="submit" class="quiet">
          Filter
        </button>
      </form>
      {events.length === 0 && (
        <Empty title="No matching events">
          <p>
            <a href="/admin/audit/">Show all events</a>
          </p>
        </Empty>
      )}
      {events.length > 0 && (
        <Table caption="Events, newest first" head={['When', 'Who', 'Action', 'Subject', 'Details']}>
          {events.map(({ at, actor, address, action: what, subject: whom, details }) => (
            <tr>
              <td>
                <Moment at={at} />
              </td>
              <td>
                {actor ?? 'unknown'}
                <small class="below">{address}</small>
              </td>
              <td class="mono">{what}</td>
              <td class="text">{whom}</td>
              <td class="text">
                <Details details={details} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Paging asked={asked} total={total} path="/admin/audit/" query={{ user, action, subject, since, until }} />
    </AdministrationFrame>,
  );
};
