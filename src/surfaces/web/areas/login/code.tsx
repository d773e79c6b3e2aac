import type { Reply } from '../../../../platform/http/exchange';
import type { Fault } from '../../problems';
import type { Visitor } from '../../visitor';
import { withNext } from './next';
import { secondStepPage } from './second-step';

/** The second step of a login: it asks for the code of the app, or a recovery code. */
export function codePage(
  visitor: Visitor,
  { next, ticket, fault }: { readonly next: string; readonly ticket: string; readonly fault?: Fault },
): Reply {
  const ways = (
    <>
      <button type="submit">Sign in</button>
      <a href={withNext('/account/login/', next)}>Start over</a>
    </>
  );
  const hint = 'The six digits in your authenticator app. Without your phone, use a recovery code.';
  return secondStepPage(visitor, { action: '/account/login/code/', next, ticket, hint, ways, fault });
}
