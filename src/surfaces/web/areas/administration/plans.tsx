import type { Context } from '../../../../context';
import { doerOf } from '../../../../features/accounts/doer';
import { deletePlan, listPlans, setPlan } from '../../../../features/namespaces/plans';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { ActButton, Actions, Field, Form, Problem } from '../../components/forms';
import { Panel, Table } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { AdministrationFrame } from './frame';

interface Typed {
  readonly name: string;
  readonly limit: string;
}

async function plansPage(
  ctx: Context,
  { caller }: WebExchange<'administrator'>,
  typed: Typed = { name: '', limit: '' },
  fault?: Fault,
): Promise<Reply> {
  const plans = await listPlans(ctx);
  return page(
    caller,
    { title: 'Plans', section: 'admin', status: fault?.status ?? 200 },
    <AdministrationFrame
      title="Plans"
      subtitle="How many private repositories somebody may have"
      current="/admin/plans/"
    >
      <Table caption="Plans" head={['Plan', 'Private repositories', '']} numbers={[1]}>
        {plans.map(({ name, privateRepositories }) => (
          <tr>
            <td>{name}</td>
            <td class="number">{privateRepositories ?? 'no limit'}</td>
            <td class="number">
              <ActButton
                visitor={caller}
                action="/admin/plans/delete/"
                fields={{ name }}
                class="danger small"
                label={`Delete the plan ${name}`}
              >
                Delete
              </ActButton>
            </td>
          </tr>
        ))}
      </Table>
      <Panel title="Make a plan, or change one">
        <p>A lower limit deletes nothing: whoever has more keeps what there is, and makes no new ones.</p>
        <Problem text={fault?.text} />
        <Form visitor={caller}>
          <Field label="Name" name="name" value={typed.name} required maxlength={30} />
          <Field
            label="Private repositories"
            name="limit"
            value={typed.limit}
            inputmode="numeric"
            hint="A number; empty for no limit"
          />
          <Actions>
            <button type="submit">Save the plan</button>
          </Actions>
        </Form>
      </Panel>
    </AdministrationFrame>,
  );
}

export const getPlans: WebHandler<'administrator'> = (ctx, exchange) => plansPage(ctx, exchange);

function limitFrom(text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new AppError('invalid', 'The number of private repositories is no number');
  return Number(text);
}

export const postPlans: WebHandler<'administrator-form'> = async (ctx, exchange) => {
  const { caller } = exchange;
  const typed = { name: caller.form.text('name'), limit: caller.form.text('limit') };
  const { fault } = await attempt(async () => {
    const plans = await listPlans(ctx);
    // A plan that there is keeps its place; a new one comes last.
    const position =
      plans.find(({ name }) => name === typed.name)?.position ?? Math.max(0, ...plans.map((plan) => plan.position)) + 1;
    const plan = { name: typed.name, privateRepositories: limitFrom(typed.limit), position };
    await setPlan(ctx, plan, doerOf(caller.actor, caller.login.account));
  });
  if (fault !== undefined) return plansPage(ctx, exchange, typed, fault);
  return redirect(caller, '/admin/plans/', { notice: `The plan ${typed.name} is saved.` });
};

export const postDeletePlan: WebHandler<'administrator-form'> = async (ctx, exchange) => {
  const { caller } = exchange;
  const name = caller.form.required('name', 'The plan');
  const { fault } = await attempt(() => deletePlan(ctx, name, doerOf(caller.actor, caller.login.account)));
  if (fault !== undefined) return plansPage(ctx, exchange, undefined, fault);
  return redirect(caller, '/admin/plans/', { notice: `The plan ${name} is gone.` });
};
