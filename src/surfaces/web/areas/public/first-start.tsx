import { Panel } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { PushSteps } from './engine-commands';

/** The first push explained, on a hub that is still empty. */
export function FirstStart({ visitor }: { readonly visitor: Visitor }): View {
  return (
    <>
      {visitor.login === undefined && (
        <Panel title="Do you run this hub?">
          <p>
            The first start printed the administrator's username and password once, on its terminal, unless you set them
            with <code>DRYDOCK_ADMIN_USERNAME</code> and <code>DRYDOCK_ADMIN_PASSWORD</code>.
          </p>
          <p>
            <a class="button" href="/account/login/">
              Sign in as the administrator
            </a>
          </p>
          <p class="fine">
            Lost the password? On the hub's host, <code>npx drydock user passwd admin</code> sets a new one.
          </p>
        </Panel>
      )}
      <Panel title="Nothing has been pushed yet. Push the first image:">
        <PushSteps visitor={visitor} />
        <p>
          The engine refuses, or runs on another host? <a href="/start/">See what each engine needs</a>
        </p>
      </Panel>
    </>
  );
}
