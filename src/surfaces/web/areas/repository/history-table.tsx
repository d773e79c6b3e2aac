import type { TagEvent } from '../../../../features/tags/tag-history';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { Ago } from '../../components/quantities';
import { ActButton } from '../../components/buttons';
import { Badge, Table } from '../../components/page-parts';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { shortId, tagPath } from './addresses';
import { PointerLink } from './tag-parts';

interface OfEvent {
  readonly repository: RepositoryDetails;
  readonly event: TagEvent;
}

function Change({ repository, event: { from, to } }: OfEvent): View {
  if (to === undefined) {
    return (
      <>
        <Badge tone="bad">deleted</Badge> {from !== undefined && <PointerLink repository={repository} pointer={from} />}
      </>
    );
  }
  return (
    <>
      {from === undefined ? (
        <Badge tone="good">new</Badge>
      ) : (
        <>
          <Badge>moved</Badge> <PointerLink repository={repository} pointer={from} /> <span aria-label="to">→</span>
        </>
      )}{' '}
      <PointerLink repository={repository} pointer={to} />
    </>
  );
}

/** @param isPresent - the tag is as this event left it, so it can only be set back */
function Restore({
  visitor,
  repository,
  event,
  isPresent,
}: OfEvent & { readonly visitor: Visitor; readonly isPresent: boolean }): View {
  const side = isPresent || event.to === undefined ? 'before' : 'after';
  const pointer = side === 'before' ? event.from : event.to;
  if (pointer === undefined) return <></>;
  const act = isPresent && event.to !== undefined ? 'Undo' : 'Restore';
  return (
    <ActButton
      visitor={visitor}
      action={repositoryPath(repository, 'history/restore/')}
      fields={{ event: String(event.id), side }}
      label={`${act}: set ${event.tag} to ${shortId(pointer)}`}
    >
      {act}
    </ActButton>
  );
}

/** The history of tags, the latest event first; with buttons to restore a tag, for visitors who may push. */
export function HistoryTable({
  visitor,
  repository,
  events,
  isLatest,
}: {
  readonly visitor: Visitor;
  readonly repository: RepositoryDetails;
  readonly events: readonly TagEvent[];
  /** it is the tag's last event */
  readonly isLatest: boolean;
}): View {
  const { canWrite } = repository;
  const head = ['Tag', 'Change', 'By', 'When'];
  const seen = new Set<string>();
  const isPresent = ({ tag }: TagEvent): boolean => isLatest && !seen.has(tag) && seen.add(tag).has(tag);
  return (
    <Table caption="Tag history" head={canWrite ? [...head, <span class="unseen">Restore</span>] : head}>
      {events.map((event) => (
        <tr>
          <th scope="row" class="name">
            {event.to === undefined ? event.tag : <a href={tagPath(repository, event.tag)}>{event.tag}</a>}
          </th>
          <td class="short">
            <Change repository={repository} event={event} />
          </td>
          <td>{event.actor ?? <span class="fine">unknown</span>}</td>
          <td>
            <Ago at={event.at} />
          </td>
          {canWrite && (
            <td>
              <Restore visitor={visitor} repository={repository} event={event} isPresent={isPresent(event)} />
            </td>
          )}
        </tr>
      ))}
    </Table>
  );
}
