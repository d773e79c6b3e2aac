import { identityOf } from '../../../../features/access/actor';
import { authorize, GrantError } from '../../../../features/oauth/grants';
import { empty, type Reply } from '../../../../platform/http/exchange';
import { isMember, type Member, type WebHandler } from '../../access';
import { confirmedVisitor } from '../../confirm-password';
import { Actions, Form } from '../../components/forms';
import { Heading, Panel } from '../../components/page-parts';
import { page, redirect } from '../../reply';
import type { Visitor } from '../../visitor';
import { meaningOf } from '../../components/scope-meanings';
import { readAsked, wantedScopes, type Asked } from './request';

/*
 * `/api/v1.1/o/authorize/` (protocol 6.2): a client sends a user here; they log in, allow or deny, and are sent back
 * with a code or an error. The whole request stays in the URL, so the form carries only the answer.
 */

/** The Hub's path, which programs contain: it is below the API, although it is a page. */
export const CONSENT_PATH = '/api/v1.1/o/authorize/';

/** Sends the browser back to the client. */
function sendBack({ redirectUri, request }: Asked, answer: Readonly<Record<string, string>>): Reply {
  const url = new URL(redirectUri);
  const { state } = request;
  for (const [name, value] of Object.entries({ ...answer, ...(state === undefined ? {} : { state }) })) {
    url.searchParams.set(name, value);
  }
  return empty(303, { Location: url.href });
}

/** Sends the browser back with an error if the client made a mistake. */
async function orSendBack(asked: Asked, work: () => Promise<Reply> | Reply): Promise<Reply> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GrantError)) throw error;
    return sendBack(asked, { error: error.code, error_description: error.message });
  }
}

/** The origin to which the answer to the form may redirect. */
function originOf(redirectUri: string): string {
  const { origin, protocol } = new URL(redirectUri);
  return origin === 'null' ? protocol : origin;
}

function toLogin(visitor: Visitor, query: URLSearchParams): Reply {
  return redirect(visitor, `/account/login/?next=${encodeURIComponent(`${CONSENT_PATH}?${query.toString()}`)}`);
}

function consentPage(member: Member, asked: Asked, query: URLSearchParams): Reply {
  const { name } = asked.client;
  const title = `Allow ${name} to act for you?`;
  return page(
    member,
    { title, isNarrow: true, formAction: [originOf(asked.redirectUri)] },
    <>
      <Heading title={title} />
      <Panel>
        <p>
          You are logged in as {member.login.account.username}. {name} wants to:
        </p>
        <ul>
          {wantedScopes(asked).map((scope) => (
            <li>{meaningOf(scope)}</li>
          ))}
        </ul>
        <Form visitor={member} action={`${CONSENT_PATH}?${query.toString()}`}>
          <Actions>
            <button type="submit" name="step" value="allow">
              Allow
            </button>
            <button type="submit" name="step" value="deny" class="quiet">
              Deny
            </button>
          </Actions>
        </Form>
      </Panel>
      <p class="fine">
        You can revoke its access at any time in <a href="/account/applications/">your settings</a>.
      </p>
    </>,
  );
}

export const getConsent: WebHandler<'anyone'> = async (ctx, { query, caller }) => {
  const asked = await readAsked(ctx, query);
  return orSendBack(asked, () => {
    wantedScopes(asked); // a login would be useless if the client made a mistake
    return isMember(caller) ? consentPage(caller, asked, query) : toLogin(caller, query);
  });
};

export const postConsent: WebHandler<'link-form'> = async (ctx, { query, caller }) => {
  const asked = await readAsked(ctx, query);
  return orSendBack(asked, async () => {
    wantedScopes(asked);
    const identity = identityOf(caller.actor);
    if (!isMember(caller) || identity === undefined) return toLogin(caller, query); // the login has ended
    if (caller.form.text('step') !== 'allow') throw new GrantError('access_denied', 'the user denied access');
    await confirmedVisitor(ctx, caller, caller.form, [originOf(asked.redirectUri)]);
    const { account } = caller.login;
    const code = await authorize(ctx, asked.request, asked.client, { account, identity, address: caller.address });
    return sendBack(asked, { code });
  });
};
