import { Panel } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { PushSteps } from './engine-commands';

/** On a hub where nothing was pushed yet: how the first image gets in. */
export function FirstStart({ visitor }: { readonly visitor: Visitor }): View {
  return (
    <>
      {visitor.login === undefined && (
        <Panel title="You run this hub?">
          <p>
            Its first start printed the name and the password of the administrator, once, where it was started; unless
            you chose them by <code>DRYDOCK_ADMIN_USERNAME</code> and <code>DRYDOCK_ADMIN_PASSWORD</code>.
          </p>
          <p>
            <a class="button" href="/account/login/">
              Sign in as the administrator
            </a>
          </p>
          <p class="fine">
            Lost it? On the host of this hub <code>npx drydock user passwd admin</code> sets a new one.
          </p>
        </Panel>
      )}
      <Panel title="Nothing has been pushed yet. Push the first image:">
        <PushSteps visitor={visitor} />
        <p>
          The engine refuses, or is on another host? <a href="/start/">Which engine needs what</a>
        </p>
      </Panel>
    </>
  );
}
