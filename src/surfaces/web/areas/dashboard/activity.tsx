import { listFeed, type FeedEntry, type FeedTag } from '../../../../features/feed/feed';
import { displayName } from '../../../../features/repositories/names';
import type { RepositoryName } from '../../../../features/access/actor';
import type { WebHandler } from '../../access';
import { Avatar } from '../../components/avatar';
import { Older } from '../../components/older';
import { Badge, Empty } from '../../components/page-parts';
import { Ago, plural } from '../../components/quantities';
import { page } from '../../reply';
import { repositoryPath } from '../../repository-path';
import type { View } from '../../view';
import { DashboardFrame } from './dashboard-frame';

const PATH = '/dashboard/activity/';

/** The tags of one entry that are shown; its repository has the others. */
const TAGS = 12;
const ACTORS = 3;

function RepositoryLink({ repository }: { readonly repository: RepositoryName }): View {
  return <a href={repositoryPath(repository)}>{displayName(repository)}</a>;
}

/** The names; a robot, such as `acme+deploy`, has no page. */
function Actors({ actors }: Pick<FeedEntry, 'actors'>): View {
  const [only] = actors;
  if (only === undefined) return <span>Someone</span>;
  const shown = actors.slice(0, ACTORS);
  const more = actors.length - shown.length;
  return (
    <>
      {shown.map((name, at) => (
        <>
          {at > 0 && (at === actors.length - 1 ? ' and ' : ', ')}
          {name.includes('+') ? name : <a href={`/u/${name}/`}>{name}</a>}
        </>
      ))}
      {more > 0 && ` and ${more} more`}
    </>
  );
}

function Tags({ repository, tags, kind }: Pick<FeedEntry, 'repository' | 'tags' | 'kind'>): View {
  const linked = ({ name, isNew }: FeedTag): View => (
    <li>
      {kind === 'deleted' ? (
        <code>{name}</code>
      ) : (
        <a href={repositoryPath(repository, `tags/${encodeURIComponent(name)}/`)}>
          <code>{name}</code>
        </a>
      )}{' '}
      {isNew && kind === 'pushed' && <Badge tone="good">new</Badge>}
    </li>
  );
  return (
    <ul class="facts">
      {tags.slice(0, TAGS).map(linked)}
      {tags.length > TAGS && (
        <li>
          <a href={repositoryPath(repository, 'history/')}>{tags.length - TAGS} more</a>
        </li>
      )}
    </ul>
  );
}

const VERBS = { commented: 'commented on', starred: 'starred' } as const;

function Sentence({ entry: { kind, repository, actors, tags } }: { readonly entry: FeedEntry }): View {
  if (kind === 'created') {
    return (
      <span>
        The repository <RepositoryLink repository={repository} /> was created
      </span>
    );
  }
  const number = tags.length === 1 ? 'a tag' : plural(tags.length, 'tag');
  const did = kind === 'pushed' ? `pushed ${number} to` : kind === 'deleted' ? `deleted ${number} of` : VERBS[kind];
  return (
    <span>
      <Actors actors={actors} /> {did} <RepositoryLink repository={repository} />
    </span>
  );
}

function Entry({ entry }: { readonly entry: FeedEntry }): View {
  const { repository, actors, tags, comment, at } = entry;
  return (
    <li class="pictured">
      <Avatar name={actors[0] ?? repository.namespace} />
      <div>
        <span class="event-line">
          <Sentence entry={entry} />{' '}
          <small>
            <Ago at={at} />
          </small>
        </span>
        {tags.length > 0 && <Tags {...entry} />}
        {comment !== undefined && (
          <blockquote class="excerpt">
            <a href={`${repositoryPath(repository, 'comments/')}#comment-${comment.id}`}>{comment.text}</a>
          </blockquote>
        )}
      </div>
    </li>
  );
}

/** What happened lately in the repositories of the member, the newest first. */
export const getActivity: WebHandler<'member'> = async (ctx, { caller, query }) => {
  const before = query.get('before') ?? '';
  const { entries, next } = await listFeed(ctx, caller.actor, before);
  return page(
    caller,
    { title: 'Activity', section: 'dashboard' },
    <DashboardFrame current={PATH}>
      <h2 class="unseen">Activity</h2>
      {entries.length > 0 && (
        <ul class="rows" aria-label="Activity">
          {entries.map((entry) => (
            <Entry entry={entry} />
          ))}
        </ul>
      )}
      {entries.length === 0 && (
        <Empty title={before === '' ? 'Nothing has happened yet' : 'Nothing older'}>
          <p>
            Pushes, comments and stars appear here: those in your repositories and organizations, and in the
            repositories that you star.
          </p>
          <p>
            <a href="/start/">Push an image</a>, or <a href="/explore/">find repositories to star</a>.
          </p>
        </Empty>
      )}
      <Older path={PATH} next={next} />
    </DashboardFrame>,
  );
};
