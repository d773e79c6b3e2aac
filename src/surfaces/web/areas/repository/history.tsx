import { displayName } from '../../../../features/repositories/names';
import { listTagHistory, restoreTag, type TagEvent } from '../../../../features/tags/tag-history';
import { parseEngine } from '../../../../features/tags/engine';
import { assertWritable } from '../../../../features/repositories/access';
import { AppError } from '../../../../platform/errors';
import type { WebHandler } from '../../access';
import { Field, Problem } from '../../components/forms';
import { idOf, Older } from '../../components/older';
import { Empty } from '../../components/page-parts';
import { RepositoryFrame } from '../../components/repository-frame';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { repositoryPath } from '../../repository-path';
import type { Context } from '../../../../context';
import type { Reply } from '../../../../platform/http/exchange';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { shortId } from './addresses';
import { HistoryTable } from './history-table';
import { repositoryAsked, repositoryPage, type ShownRepository } from './repository-page';

const EVENTS = 50;

interface Asked {
  readonly tag: string;
  readonly before: number | undefined;
}

function Nothing({ asked, path }: { readonly asked: Asked; readonly path: string }): View {
  if (asked.tag === '' && asked.before === undefined) {
    return (
      <Empty title="No tag history yet">
        <p>Every change to a tag is recorded here and can be undone.</p>
      </Empty>
    );
  }
  const title = asked.before === undefined ? `No history for the tag “${asked.tag}”` : 'No older events';
  return (
    <Empty title={title}>
      <p>
        <a href={path}>Show the latest events of all tags</a>
      </p>
    </Empty>
  );
}

function Filter({ path, tag }: { readonly path: string; readonly tag: string }): View {
  return (
    <form class="filters" action={path}>
      <Field type="search" label="Tag name" name="tag" value={tag} maxlength={128} />
      <button type="submit" class="quiet">
        Filter
      </button>
    </form>
  );
}

async function historyPage(
  ctx: Context,
  visitor: Visitor,
  { repository, asked, fault }: { repository: ShownRepository; asked: Asked; fault?: Fault | undefined },
): Promise<Reply> {
  const { tag, before } = asked;
  const filter = { tag: tag === '' ? undefined : tag, before, limit: EVENTS + 1 };
  const found = await listTagHistory(ctx, repository, filter);
  const events: readonly TagEvent[] = found.slice(0, EVENTS);
  const path = repositoryPath(repository, 'history/');
  return page(
    visitor,
    { title: `Tag history of ${displayName(repository)}`, ...(fault === undefined ? {} : { status: fault.status }) },
    <RepositoryFrame visitor={visitor} repository={repository} current="history/">
      <h2 class="unseen">Tag history</h2>
      <Problem fault={fault} />
      <Filter path={path} tag={tag} />
      {events.length === 0 ? (
        <Nothing asked={asked} path={path} />
      ) : (
        <HistoryTable visitor={visitor} repository={repository} events={events} isLatest={before === undefined} />
      )}
      <Older path={path} query={{ tag }} before={before} next={found.length > EVENTS ? events.at(-1)?.id : undefined} />
    </RepositoryFrame>,
  );
}

/** The history of the tags of a repository, or of one of them. */
export const getHistory = repositoryPage<'anyone'>((ctx, { caller, query }, repository) => {
  const asked = { tag: query.get('tag')?.trim() ?? '', before: idOf(query.get('before')) };
  return historyPage(ctx, caller, { repository, asked });
});

/** Sets a tag to what it was before or after an event. */
export const postRestore: WebHandler<'member-form'> = async (ctx, { req, caller, params }) => {
  const repository = await repositoryAsked(ctx, caller, params);
  const eventId = idOf(caller.form.text('event'));
  if (eventId === undefined) throw new AppError('invalid', 'Event not found');
  const side = caller.form.text('side') === 'before' ? 'before' : 'after';
  const engine = parseEngine(req.headers['user-agent']);
  const restored = await attempt(async () =>
    restoreTag(ctx, assertWritable(repository.access), { eventId, side, engine }),
  );
  if (restored.fault !== undefined) {
    return historyPage(ctx, caller, { repository, asked: { tag: '', before: undefined }, fault: restored.fault });
  }
  const { done } = restored;
  const notice = `The tag ${done.tag} now points to ${shortId(done.pointsTo)}.`;
  return redirect(caller, repositoryPath(repository, 'history/'), { notice });
};
