import type { Reply } from '../../../../platform/http/exchange';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Heading, Panel } from '../../components/page-parts';
import type { Fault } from '../../problems';
import { page } from '../../reply';
import type { Visitor } from '../../visitor';
import { withNext } from './next';

/** The second step of a login: it asks for the code of the app, or a recovery code. */
export function codePage(
  visitor: Visitor,
  { next, ticket, fault }: { readonly next: string; readonly ticket: string; readonly fault?: Fault },
): Reply {
  return page(
    visitor,
    { title: 'Second step', isNarrow: true, status: fault?.status ?? 200, headers: fault?.headers ?? {} },
    <>
      <Heading title="Second step" />
      <Panel>
        <Problem fault={fault} />
        <Form visitor={visitor} fault={fault} action="/account/login/code/">
          <input type="hidden" name="next" value={next} />
          <input type="hidden" name="ticket" value={ticket} />
          <Field
            label="Code"
            name="code"
            required
            maxlength={40}
            autocomplete="one-time-code"
            autofocus
            hint="The six digits in your authenticator app. Without your phone, use a recovery code."
          />
          <Actions>
            <button type="submit">Sign in</button>
            <a href={withNext('/account/login/', next)}>Start over</a>
          </Actions>
        </Form>
      </Panel>
    </>,
  );
}
