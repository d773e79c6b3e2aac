import type { FilePage } from '../../../../features/images/browse';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { Ago, Size } from '../../components/quantities';
import { Badge, Table } from '../../components/page-parts';
import type { View } from '../../view';
import { filesPath } from './addresses';
import { beginning, shortenAll } from './short-text';

type Entry = FilePage['entries'][number];

const NAME_CHARACTERS = 120;
const NAMES_BYTES = 30_000;
/** The length of paths that servers and browsers accept. */
const PATH_CHARACTERS = 1000;
const LETTERS = ['r', 'w', 'x'];
const KIND_LETTERS: Readonly<Record<Entry['kind'], string>> = {
  directory: 'd',
  file: '-',
  symlink: 'l',
  hardlink: '-',
  device: 'c',
  pipe: 'p',
  other: '?',
};

/** `drwxr-xr-x`, as `ls -l` prints it. */
export function modeText({ kind, mode }: Pick<Entry, 'kind' | 'mode'>): string {
  const bits = Array.from({ length: 9 }, (_, at) => ((mode >> (8 - at)) & 1 ? (LETTERS[at % 3] ?? '') : '-'));
  const special = [0o4000, 0o2000, 0o1000];
  special.forEach((bit, at) => {
    if ((mode & bit) === 0) return;
    const letter = at === 2 ? 't' : 's';
    const place = at * 3 + 2;
    bits[place] = bits[place] === 'x' ? letter : letter.toUpperCase();
  });
  return `${KIND_LETTERS[kind]}${bits.join('')}`;
}

interface NameProps {
  readonly entry: Entry;
  /** the part of its name that fits */
  readonly text: string;
  /** the part of the link's target that fits */
  readonly target: string;
  readonly href: string | undefined;
}

function Name({ entry: { kind, isDeleted, linkTarget }, text, target, href }: NameProps): View {
  const name = text + (kind === 'directory' && !isDeleted ? '/' : '');
  if (isDeleted) {
    return (
      <>
        <del>{name}</del> <Badge tone="bad">deleted</Badge>
      </>
    );
  }
  return (
    <>
      {href === undefined ? name : <a href={href}>{name}</a>}
      {linkTarget !== undefined && (
        <span class="fine">
          {kind === 'symlink' ? ' → ' : ' = '}
          {target}
        </span>
      )}
    </>
  );
}

function ownerOf({ owner, group, uid, gid }: Entry): string {
  return `${beginning(owner === '' ? String(uid) : owner, 32)}:${beginning(group === '' ? String(gid) : group, 32)}`;
}

/** The entries in a directory of a layer. Files that the layer deletes from those below it are struck out. */
export function FileTable({
  repository,
  imageId,
  entries,
}: {
  readonly repository: RepositoryDetails;
  readonly imageId: string;
  readonly entries: readonly Entry[];
}): View {
  const hrefOf = ({ kind, path }: Entry): string | undefined =>
    kind === 'directory' && path.length <= PATH_CHARACTERS ? filesPath(repository, imageId, path) : undefined;
  const shorten = (texts: readonly string[]): string[] =>
    shortenAll(
      texts.map((text) => beginning(text, NAME_CHARACTERS)),
      NAMES_BYTES,
    );
  const names = shorten(entries.map(({ name }) => name));
  const targets = shorten(entries.map(({ linkTarget = '' }) => linkTarget));
  return (
    <Table caption="Files" head={['Name', 'Size', 'Mode', 'Owner', 'Changed']} numbers={[1]}>
      {entries.map((entry, at) => (
        <tr>
          <th scope="row" class="file">
            <Name entry={entry} text={names[at] ?? ''} target={targets[at] ?? ''} href={hrefOf(entry)} />
          </th>
          <td class="short number">{entry.kind === 'file' && !entry.isDeleted && <Size bytes={entry.sizeBytes} />}</td>
          <td>{!entry.isDeleted && <span class="mono">{modeText(entry)}</span>}</td>
          <td class="short">{!entry.isDeleted && ownerOf(entry)}</td>
          <td>{entry.modifiedAt !== undefined && <Ago at={entry.modifiedAt} />}</td>
        </tr>
      ))}
    </Table>
  );
}
