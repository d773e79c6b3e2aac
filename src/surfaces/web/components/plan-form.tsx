import type { Plan } from '../../../features/namespaces/plans';
import type { View } from '../view';
import type { Visitor } from '../visitor';
import { Actions, Form, Select } from './forms';

/** A form that assigns a plan to a namespace. */
export function PlanForm({
  visitor,
  action,
  plans,
  current,
}: {
  readonly visitor: Visitor;
  readonly action: string;
  readonly plans: readonly Plan[];
  /** the plan of the namespace */
  readonly current: string;
}): View {
  const options = plans.map(({ name, privateRepositories }) => ({
    value: name,
    label: `${name}: ${privateRepositories ?? 'unlimited'} private`,
  }));
  return (
    <Form visitor={visitor} action={action}>
      <Select label="Plan" name="plan" value={current} options={options} />
      <Actions>
        <button type="submit" class="quiet">
          Assign
        </button>
      </Actions>
    </Form>
  );
}
