import type { WebHandler } from '../../access';
import { CopyLine, Heading, Panel } from '../../components/page-parts';
import { page } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { exampleUser, hubOf, PushSteps } from './engine-commands';
import { OtherClients } from './other-clients';
import { PlainHttp, Tls } from './start-connection';

function LoginHints({ visitor, isOpen }: { readonly visitor: Visitor; readonly isOpen: boolean }): View {
  const hub = hubOf(visitor);
  const user = exampleUser(visitor);
  return (
    <Panel title="Logging in">
      {visitor.login === undefined && (
        <p>
          {isOpen ? (
            <>
              <a href="/account/signup/">Sign up</a> first. Engines up to 1.10 can also sign up by logging in for the
              first time:
            </>
          ) : (
            'The administrator of this hub creates accounts: ask for one first.'
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
          Engines up to 1.10 ask for an email address at every login; for an existing account, any address will do.
        </li>
        <li>
          <strong>Using two-factor authentication?</strong> Engines cannot ask for its code. Create an{' '}
          <a href="/account/tokens/">access token</a> and use it as the password.
        </li>
        <li>
          An access token is also better for hosts that keep their login in a file: it can be limited, and revoked
          separately.
        </li>
      </ul>
    </Panel>
  );
}

function CurlChecks({ visitor, hasV2 }: { readonly visitor: Visitor; readonly hasV2: boolean }): View {
  const { origin } = visitor;
  return (
    <Panel title="Test the connection">
      <p>From the engine’s host, with curl:</p>
      <CopyLine text={`curl -i ${origin}/v1/_ping`} label="Check that the hub answers: command" />
      <p class="fine">
        prints <code>200 OK</code> and <code>true</code>. Any other response comes from something between the engine and
        this hub.
      </p>
      {hasV2 && (
        <>
          <CopyLine
            text={`curl -u ${exampleUser(visitor)} ${origin}/v2/`}
            label="Check that clients of today can log in: command"
          />
          <p class="fine">
            asks for the password and prints <code>{'{}'}</code> if it is correct.
          </p>
        </>
      )}
      <CopyLine
        text={`curl -u ${exampleUser(visitor)} ${origin}/v1/users/`}
        label="Check your username and password: command"
      />
      <p class="fine">
        asks for the password and prints <code>"OK"</code> if it is correct.
      </p>
      <CopyLine text={`curl '${origin}/v1/search?q=busybox'`} label="Search without an engine: command" />
      <p class="fine">
        Everything else can be scripted as well: <a href="/docs/api/">the API</a>.
      </p>
    </Panel>
  );
}

/** How to connect an engine to this hub. */
export const getStart: WebHandler<'anyone'> = (ctx, { caller }) => {
  const hasV2 = ctx.settings.v2Engines !== 'off';
  return page(
    caller,
    { title: 'Get started', section: 'start' },
    <>
      <Heading
        title="Set up an engine"
        subtitle={
          <>
            {hasV2 ? 'For docker, podman and others of today, and docker from 0.6 on.' : 'For docker 0.6 to 17.11.'}{' '}
            This hub is <code>{hubOf(caller)}</code>
          </>
        }
      />
      <div class="columns even">
        <div>
          <Panel title="Push and pull">
            <PushSteps visitor={caller} />
            <p class="fine">
              The hub’s name is part of the image name: without it, the engine uses Docker’s own hub.{' '}
              {hasV2
                ? 'These commands are the same for all versions of docker: old engines use the protocol v1, later ones v2.'
                : 'Engines from 17.12 on cannot push or pull here, because they no longer speak this protocol.'}
            </p>
          </Panel>
          {hasV2 && <OtherClients visitor={caller} />}
          <LoginHints visitor={caller} isOpen={ctx.settings.registrationOpen} />
          <CurlChecks visitor={caller} hasV2={hasV2} />
        </div>
        <div>
          <PlainHttp visitor={caller} hasV2={hasV2} />
          <Tls visitor={caller} hasV2={hasV2} />
        </div>
      </div>
    </>,
  );
};
