import type { Context } from '../../../../context';
import { deletePlan, listPlans, setPlan, type Plan } from '../../../../features/namespaces/plans';
import { showByteSize } from '../../../../platform/bytes/byte-size';
import { fieldError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { DangerButton } from '../../components/buttons';
import { Actions, Field, Form, Problem, SHORT_NAME } from '../../components/forms';
import { Panel, Table } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { bytesFrom } from './byte-limit';
import { AdministrationFrame } from './frame';

interface Typed {
  readonly name: string;
  readonly limit: string;
  readonly layers: string;
}

function PlanTable({ plans, visitor }: { readonly plans: readonly Plan[]; readonly visitor: Visitor }): View {
  return (
    <Table caption="Plans" head={['Plan', 'Private repositories', 'Layers', '']} numbers={[1, 2]}>
      {plans.map(({ name, privateRepositories, storedBytes }) => (
        <tr>
          <td>{name}</td>
          <td class="number">{privateRepositories ?? 'no limit'}</td>
          <td class="number">{storedBytes === undefined ? 'no limit' : showByteSize(storedBytes)}</td>
          <td class="number">
            <DangerButton
              visitor={visitor}
              action="/admin/plans/delete/"
              fields={{ name }}
              label={`Delete the plan ${name}`}
              text="Delete"
              question={`The plan ${name} is deleted. A plan that is in use stays.`}
            />
          </td>
        </tr>
      ))}
    </Table>
  );
}

async function plansPage(
  ctx: Context,
  { caller }: WebExchange<'administrator'>,
  typed: Typed = { name: '', limit: '', layers: '' },
  fault?: Fault,
): Promise<Reply> {
  const plans = await listPlans(ctx);
  return page(
    caller,
    { title: 'Plans', section: 'admin', status: fault?.status ?? 200 },
    <AdministrationFrame
      title="Plans"
      subtitle="Limits on the private repositories and layers of a namespace"
      current="/admin/plans/"
    >
      <PlanTable plans={plans} visitor={caller} />
      <Panel title="Create or change a plan">
        <p>
          A lower limit deletes nothing: namespaces above it keep what they have, but cannot add private repositories or
          push more layers.
        </p>
        <Problem fault={fault} />
        <Form visitor={caller} fault={fault}>
          <Field label="Name" name="name" value={typed.name} required {...SHORT_NAME} />
          <Field
            label="Private repositories"
            name="limit"
            of="private_repositories"
            value={typed.limit}
            inputmode="numeric"
            hint="A number, or empty for no limit"
          />
          <Field
            label="Layers"
            name="layers"
            of="stored_bytes"
            value={typed.layers}
            hint="A size such as 500m or 10g, or empty for no limit"
          />
          <Actions>
            <button type="submit">Save plan</button>
          </Actions>
        </Form>
      </Panel>
    </AdministrationFrame>,
  );
}

export const getPlans: WebHandler<'administrator'> = (ctx, exchange) => plansPage(ctx, exchange);

function limitFrom(text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d{1,9}$/.test(text))
    throw fieldError('invalid', 'private_repositories', 'Enter a number of private repositories');
  return Number(text);
}

export const postPlans: WebHandler<'administrator-form'> = async (ctx, exchange) => {
  const { caller } = exchange;
  const { form } = caller;
  const typed = { name: form.text('name'), limit: form.text('limit'), layers: form.text('layers') };
  const { fault } = await attempt(async () => {
    const plans = await listPlans(ctx);
    // An existing plan keeps its position; a new one comes last.
    const position =
      plans.find(({ name }) => name === typed.name)?.position ?? Math.max(0, ...plans.map((plan) => plan.position)) + 1;
    const limits = { privateRepositories: limitFrom(typed.limit), storedBytes: bytesFrom(typed.layers) };
    await setPlan(ctx, caller.actor, { name: typed.name, ...limits, position });
  });
  if (fault !== undefined) return plansPage(ctx, exchange, typed, fault);
  return redirect(caller, '/admin/plans/', { notice: `The plan ${typed.name} was saved.` });
};

export const postDeletePlan: WebHandler<'administrator-form'> = async (ctx, exchange) => {
  const { caller } = exchange;
  const name = caller.form.required('name', 'The plan');
  const { fault } = await attempt(() => deletePlan(ctx, caller.actor, name));
  if (fault !== undefined) return plansPage(ctx, exchange, undefined, fault);
  return redirect(caller, '/admin/plans/', { notice: `The plan ${name} was deleted.` });
};
