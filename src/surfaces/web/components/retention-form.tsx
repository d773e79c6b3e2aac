import type { AppliedRetention } from '../../../features/retention/policies';
import { NO_RULES, type RetentionRules } from '../../../features/retention/rules';
import type { Form as SentForm } from '../form';
import type { Fault } from '../problems';
import { VERSION, versionOf } from '../version';
import type { View } from '../view';
import type { Visitor } from '../visitor';
import { Actions, Field, Form, Problem, TextArea } from './forms';

/** The rules as they were typed. */
export interface TypedRules {
  readonly keepLast: string;
  readonly keepDays: string;
  readonly keepTags: string;
  readonly onlyTags: string;
}

/** The rules as the form shows them. */
export function typedFrom(rules: RetentionRules = NO_RULES): TypedRules {
  return {
    keepLast: rules.keepLast?.toString() ?? '',
    keepDays: rules.keepDays?.toString() ?? '',
    keepTags: rules.keepTags.join('\n'),
    onlyTags: rules.onlyTags.join('\n'),
  };
}

/** The rules that were typed into a form. */
export function typedIn(form: SentForm): TypedRules {
  return {
    keepLast: form.text('keep_last'),
    keepDays: form.text('keep_days'),
    keepTags: form.lines('keep_tags'),
    onlyTags: form.lines('only_tags'),
  };
}

function patternsIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((pattern) => pattern !== '');
}

/** The rules that a text means; a number that is none is NaN, which no policy can have. */
export function rulesIn(typed: TypedRules): RetentionRules {
  const numberIn = (text: string): number | undefined =>
    text === '' ? undefined : /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return {
    keepLast: numberIn(typed.keepLast),
    keepDays: numberIn(typed.keepDays),
    keepTags: patternsIn(typed.keepTags),
    onlyTags: patternsIn(typed.onlyTags),
  };
}

/** What the version of a policy depends on: not on who changed it and when. */
export function versionFor({ source, policy }: AppliedRetention): readonly unknown[] {
  return [source, policy?.keepLast, policy?.keepDays, policy?.keepTags, policy?.onlyTags];
}

/** The version of a policy that a form carries. */
export function retentionVersion(applied: AppliedRetention): string {
  return versionOf(versionFor(applied));
}

/** The form with the rules of a policy. Its second button tries them without saving. */
export function RetentionForm(props: {
  readonly visitor: Visitor;
  readonly typed: TypedRules;
  readonly version: string;
  readonly fault?: Fault | undefined;
}): View {
  const { visitor, typed, version, fault } = props;
  return (
    <>
      <Problem fault={fault} />
      <Form visitor={visitor} fault={fault}>
        <input type="hidden" name={VERSION} value={version} />
        <Field
          label="Number of last tags to keep"
          name="keep_last"
          value={typed.keepLast}
          inputmode="numeric"
          hint="Those that were pushed last, or empty for no such rule."
        />
        <Field
          label="Days to keep tags"
          name="keep_days"
          value={typed.keepDays}
          inputmode="numeric"
          hint="Since their last push, or empty for no such rule."
        />
        <TextArea
          label="Keep tags that match"
          name="keep_tags"
          value={typed.keepTags}
          rows={3}
          hint="One pattern per line, up to 20. * matches any text, ? any single character."
        />
        <TextArea
          label="Delete only tags that match"
          name="only_tags"
          value={typed.onlyTags}
          rows={3}
          hint="If empty, the policy is about all tags."
        />
        <Actions>
          <button type="submit">Save policy</button>
          <button type="submit" name="step" value="try" class="quiet">
            Try without saving
          </button>
        </Actions>
      </Form>
    </>
  );
}
