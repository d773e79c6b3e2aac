import type { BuildRule } from '../../../../features/builds/rules';
import type { StartRequest } from '../../../../features/builds/starting';
import { fieldError } from '../../../../platform/errors';
import { Checkbox, Field, Form, Select } from '../../components/forms';
import type { Form as SentForm } from '../../form';
import type { Fault } from '../../problems';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';

/* What the button "Build now" starts. */

const RULE = /^rule-([1-9]\d{0,14})$/;

/** The form as it was typed. */
export interface TypedStart {
  /** `all`, `rule-` and the id of a rule, `branch` or `tag` */
  readonly what: string;
  readonly ref: string;
  readonly runsAll: boolean;
}

/** Reads the form. */
export function typedStart(form: SentForm): TypedStart {
  return { what: form.text('what'), ref: form.text('ref'), runsAll: form.isOn('runs_all') };
}

/** @throws AppError `invalid` */
export function startRequest({ what, ref }: TypedStart): StartRequest {
  const rule = RULE.exec(what)?.[1];
  if (rule !== undefined) return { kind: 'rule', id: Number(rule) };
  if (what !== 'branch' && what !== 'tag') return { kind: 'all' };
  if (ref === '') throw fieldError('invalid', 'ref', `Enter the name of the ${what}`);
  return { kind: 'ref', type: what, name: ref };
}

function nameOf({ refType, refPattern, tag }: BuildRule): string {
  return `The rule ${refType} ${refPattern} → ${tag}`;
}

/** The form that starts builds. */
export function StartForm({
  visitor,
  action,
  rules,
  typed = { what: 'all', ref: '', runsAll: false },
  fault,
}: {
  readonly visitor: Visitor;
  readonly action: string;
  readonly rules: readonly BuildRule[];
  readonly typed?: TypedStart | undefined;
  readonly fault?: Fault | undefined;
}): View {
  const options = [
    { value: 'all', label: 'All rules' },
    ...rules.map((rule) => ({ value: `rule-${rule.id}`, label: nameOf(rule) })),
    { value: 'branch', label: 'The branch named here' },
    { value: 'tag', label: 'The tag named here' },
  ];
  return (
    <Form visitor={visitor} action={action} fault={fault} class="filters">
      <Select label="Build" name="what" value={typed.what} options={options} />
      <Field label="Branch or tag" name="ref" value={typed.ref} maxlength={255} />
      <Checkbox label="Run all steps again" name="runs_all" checked={typed.runsAll} />
      <button type="submit">Build now</button>
    </Form>
  );
}
