import type { Reply } from '../../../../platform/http/exchange';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Heading, Panel } from '../../components/page-parts';
import type { Fault } from '../../problems';
import { page } from '../../reply';
import type { Children } from '../../view';
import type { Visitor } from '../../visitor';

/** What was wrong with a code that was not accepted. */
export const WRONG_CODE: Fault = {
  text: 'The code is wrong or has already been used. Wait for the next one and try again.',
  status: 400,
};

/** The page that asks for the code of a second factor. */
export function secondStepPage(
  visitor: Visitor,
  form: {
    /** the path that takes the code */
    readonly action: string;
    readonly next: string;
    /** proves the first step */
    readonly ticket: string;
    /** where the code is from */
    readonly hint: string;
    /** the button of the form, and other ways on */
    readonly ways: Children;
    readonly fault: Fault | undefined;
  },
): Reply {
  const { action, next, ticket, hint, ways, fault } = form;
  return page(
    visitor,
    { title: 'Second step', isNarrow: true, status: fault?.status ?? 200, headers: fault?.headers ?? {} },
    <>
      <Heading title="Second step" />
      <Panel>
        <Problem fault={fault} />
        <Form visitor={visitor} fault={fault} action={action}>
          <input type="hidden" name="next" value={next} />
          <input type="hidden" name="ticket" value={ticket} />
          <Field label="Code" name="code" required maxlength={40} autocomplete="one-time-code" autofocus hint={hint} />
          <Actions>{ways}</Actions>
        </Form>
      </Panel>
    </>,
  );
}
