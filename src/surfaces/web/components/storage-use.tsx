import type { StorageUse } from '../../../features/storage/storage-use';
import type { View } from '../view';
import { Badge } from './page-parts';
import { formatBytes, Size } from './quantities';

/** From this part of the limit on, there is a warning. */
const NEARLY_FULL = 0.9;

function Warning({ used, limit }: { readonly used: number; readonly limit: number }): View {
  if (used < limit * NEARLY_FULL) return <></>;
  if (used >= limit) {
    return (
      <p>
        <Badge tone="bad">full</Badge> Pushes of new layers are refused. Delete tags or repositories, or ask an
        administrator for more.
      </p>
    );
  }
  return (
    <p>
      <Badge tone="warn">nearly full</Badge> {formatBytes(limit - used)} left. Pushes of more are refused.
    </p>
  );
}

/** How much a namespace stores, and how much it may: a sentence, a bar, and a warning near the limit. */
export function StorageMeter({ use }: { readonly use: StorageUse }): View {
  const { usedBytes: used, limitBytes: limit, limitedBy } = use;
  if (limit === undefined) {
    return (
      <p>
        <Size bytes={used} /> of layers stored. There is no limit.
      </p>
    );
  }
  return (
    <>
      <p>
        <Size bytes={used} /> of <Size bytes={limit} /> of layers stored
        {limitedBy === 'own' ? ', a limit that administrators gave this namespace.' : '.'}
      </p>
      <progress value={Math.min(used, limit)} max={Math.max(limit, 1)} aria-label="Bytes of layers stored"></progress>
      <Warning used={used} limit={limit} />
    </>
  );
}
