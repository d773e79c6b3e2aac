import type { WebHandler } from '../../access';
import { CopyLine, Heading, Panel } from '../../components/page-parts';
import { page } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { exampleUser, hubOf, PushSteps } from './engine-commands';
import { PlainHttp, Tls } from './start-connection';

function LoginHints({ visitor, isOpen }: { readonly visitor: Visitor; readonly isOpen: boolean }): View {
  const hub = hubOf(visitor);
  const user = exampleUser(visitor);
  return (
    <Panel title="The login">
      {visitor.login === undefined && (
        <p>
          {isOpen ? (
            <>
              <a href="/account/signup/">Sign up</a> first. Engines up to 1.10 can do that as well, by their first
              login:
            </>
          ) : (
            'Accounts are made by the administrator of this hub: ask for one first.'
          )}
        </p>
      )}
      {visitor.login === undefined && isOpen && (
        <CopyLine
          text={`docker login -u ${user} -p PASSWORD -e ${user}@example.com ${hub}`}
          label="Sign up with an old engine: command"
        />
      )}
      <ul>
        <li>
          Engines up to 1.10 ask for an e-mail address with every login; any address will do for an account that exists.
        </li>
        <li>
          <strong>A second factor?</strong> Engines cannot ask for its code. Make an{' '}
          <a href="/account/tokens/">access token</a> and give it as the password.
        </li>
        <li>
          An access token is also the better choice for hosts that keep their login in a file: it can be limited, and
          revoked alone.
        </li>
      </ul>
    </Panel>
  );
}

function CurlChecks({ visitor }: { readonly visitor: Visitor }): View {
  const { origin } = visitor;
  return (
    <Panel title="Does it answer?">
      <p>From the host of the engine, with curl:</p>
      <CopyLine text={`curl -i ${origin}/v1/_ping`} label="Ask whether the hub answers: command" />
      <p class="fine">
        says <code>200 OK</code> and <code>true</code>. Whatever else answers is not this hub, but something between.
      </p>
      <CopyLine text={`curl -u ${exampleUser(visitor)} ${origin}/v1/users/`} label="Try name and password: command" />
      <p class="fine">
        asks for the password, and says <code>"OK"</code> when it is right.
      </p>
      <CopyLine text={`curl '${origin}/v1/search?q=busybox'`} label="Search without an engine: command" />
      <p class="fine">
        Everything else can be scripted, too: <a href="/api/docs/">the API</a>.
      </p>
    </Panel>
  );
}

/** How an engine gets to this hub. */
export const getStart: WebHandler<'anyone'> = (ctx, { caller }) =>
  page(
    caller,
    { title: 'Get started', section: 'start' },
    <>
      <Heading
        title="Point an engine here"
        subtitle={
          <>
            For docker 0.6 to 17.11. This hub is <code>{hubOf(caller)}</code>
          </>
        }
      />
      <div class="columns even">
        <div>
          <Panel title="Push and pull">
            <PushSteps visitor={caller} />
            <p class="fine">
              The name of the hub is a part of the name of the image: without it, the engine asks Docker’s own hub.
              Engines from 17.12 on cannot push or pull here, for they no longer speak this protocol.
            </p>
          </Panel>
          <PlainHttp visitor={caller} />
        </div>
        <div>
          <LoginHints visitor={caller} isOpen={ctx.settings.registrationOpen} />
          <Tls visitor={caller} />
          <CurlChecks visitor={caller} />
        </div>
      </div>
    </>,
  );
