import { getNamespaceSettings } from '../../../../features/namespaces/settings';
import { getStorageUse } from '../../../../features/storage/storage-use';
import type { WebHandler } from '../../access';
import { Panel } from '../../components/page-parts';
import { StorageMeter } from '../../components/storage-use';
import { slotsUsed } from '../../components/visibility-choice';
import { accountPage, usernameOf } from './frame';

/** The plan of the visitor's own namespace, and what is left of it. */
export const getPlan: WebHandler<'member'> = async (ctx, { caller }) => {
  const username = usernameOf(caller);
  const { plan, slots } = await getNamespaceSettings(ctx, caller.actor, username);
  const use = await getStorageUse(ctx, caller.actor, username);
  return accountPage(
    caller,
    '/account/plan/',
    <Panel title={`Plan ${plan}`}>
      {slots !== undefined && <p>{slotsUsed(slots)}.</p>}
      <StorageMeter use={use} />
      <p class="fine">Site administrators assign plans.</p>
    </Panel>,
  );
};
