import type { ShownTag } from '../../../../features/manifests/shown-tags';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { CopyButton } from '../../components/page-parts';
import type { View } from '../../view';
import { pointerPath } from './addresses';

interface OfTag {
  readonly repository: RepositoryDetails;
  readonly tag: ShownTag;
}

/** A name of the image, with a link to its page; or why it has none. */
function NameFact({
  repository,
  term,
  name,
  otherwise,
  note,
}: {
  readonly repository: RepositoryDetails;
  readonly term: string;
  readonly name: string | undefined;
  readonly otherwise: string;
  readonly note?: string | undefined;
}): View {
  return (
    <>
      <dt>{term}</dt>
      <dd>
        {name === undefined ? (
          <span class="fine">{otherwise}</span>
        ) : (
          <>
            <a class="mono" href={pointerPath(repository, name)}>
              {name}
            </a>{' '}
            <CopyButton text={name} label={term} /> {note !== undefined && <span class="fine">{note}</span>}
          </>
        )}
      </dd>
    </>
  );
}

/**
 * The id under which v1 clients get the image of a tag.
 *
 * @param note - which image of an index it is
 */
export function ImageIdFact({
  repository,
  tag: { imageId, v1Problem },
  note,
}: OfTag & { readonly note?: string | undefined }): View {
  const otherwise = v1Problem === undefined ? 'computed within five minutes' : `none: ${v1Problem}`;
  return <NameFact repository={repository} term="v1 image id" name={imageId} otherwise={otherwise} note={note} />;
}

/** The digest of the manifest that clients of v2 get for a tag. */
export function DigestFact({ repository, tag: { digest, v2Problem } }: OfTag): View {
  const otherwise = v2Problem === undefined ? 'computed at the first pull by a client of today' : `none: ${v2Problem}`;
  return <NameFact repository={repository} term="Digest" name={digest} otherwise={otherwise} />;
}
