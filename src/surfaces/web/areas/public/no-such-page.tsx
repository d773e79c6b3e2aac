import { Empty } from '../../components/page-parts';
import type { View } from '../../view';

/**
 * Replaces the content of a page after the last one of a list, such as that of a link from when the list was longer.
 */
export function NoSuchPage({ first }: { /** path of the first page */ readonly first: string }): View {
  return (
    <Empty title="The list ends before this page">
      <p>
        <a href={first}>Go to the first page</a>
      </p>
    </Empty>
  );
}
