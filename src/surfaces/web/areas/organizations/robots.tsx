import type { Context } from '../../../../context';
import { deleteRobot, listRobots, putRobot, type Robot } from '../../../../features/namespaces/robots';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { Ago } from '../../components/quantities';
import { DangerButton } from '../../components/buttons';
import { Actions, Field, Form, Problem, SHORT_NAME } from '../../components/forms';
import { Empty, Panel, Table } from '../../components/page-parts';
import { Paging, pageAsked } from '../../components/paging';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { OrganizationFrame, organizationOf, organizationPath } from './frame';

/** The part of a robot's username after the `+`. */
export function robotName(username: string): string {
  return username.slice(username.indexOf('+') + 1);
}

function RobotTable({
  namespace,
  robots,
  visitor,
}: {
  readonly namespace: string;
  readonly robots: readonly Robot[];
  readonly visitor: Visitor;
}): View {
  const path = organizationPath(namespace, 'robots/');
  return (
    <Table caption={`Robots of ${namespace}`} head={['Robot', 'Created', '']}>
      {robots.map(({ username, createdAt }) => (
        <tr>
          <td>
            <a href={`${path}${robotName(username)}/`}>{username}</a>
          </td>
          <td>
            <Ago at={createdAt} />
          </td>
          <td class="number">
            <DangerButton
              visitor={visitor}
              action={`${path}${robotName(username)}/delete/`}
              label={`Delete ${username}`}
              text="Delete"
              question="Its access tokens stop working at once."
            />
          </td>
        </tr>
      ))}
    </Table>
  );
}

async function robotsPage(ctx: Context, exchange: WebExchange<'member'>, typed = '', fault?: Fault): Promise<Reply> {
  const { caller, query } = exchange;
  const organization = await organizationOf(ctx, exchange);
  const { namespace } = organization;
  const asked = pageAsked(query);
  const { total, robots } = await listRobots(ctx, caller.actor, namespace, asked);
  const path = organizationPath(namespace, 'robots/');
  return page(
    caller,
    { title: `Robots of ${namespace}`, section: 'dashboard', status: fault?.status ?? 200 },
    <OrganizationFrame visitor={caller} organization={organization} current="robots/">
      <div class="columns">
        <div>
          {robots.length === 0 && (
            <Empty title="No robots yet">
              <p>
                A robot is an account for a machine. It has access tokens instead of a password, and can join teams.
              </p>
            </Empty>
          )}
          {robots.length > 0 && <RobotTable namespace={namespace} robots={robots} visitor={caller} />}
          <Paging asked={asked} total={total} path={path} />
        </div>
        <Panel title="New robot">
          <Problem fault={fault} />
          <Form visitor={caller} fault={fault}>
            <Field
              label="Name"
              name="name"
              value={typed}
              required
              {...SHORT_NAME}
              hint={`${SHORT_NAME.hint} It logs in as ${namespace}+name.`}
            />
            <Actions>
              <button type="submit">Create robot</button>
            </Actions>
          </Form>
        </Panel>
      </div>
    </OrganizationFrame>,
  );
}

export const getRobots: WebHandler<'member'> = (ctx, exchange) => robotsPage(ctx, exchange);

export const postRobots: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller } = exchange;
  const { namespace } = await organizationOf(ctx, exchange);
  const name = caller.form.text('name');
  const { fault } = await attempt(() => putRobot(ctx, caller.actor, { organization: namespace, name }));
  if (fault !== undefined) return robotsPage(ctx, exchange, name, fault);
  const notice = 'The robot was created. Give it a token and add it to a team.';
  return redirect(caller, organizationPath(namespace, `robots/${name}/`), { notice });
};

export const postDeleteRobot: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller, params } = exchange;
  const { namespace } = await organizationOf(ctx, exchange);
  const name = params['robot'] ?? '';
  await deleteRobot(ctx, caller.actor, { organization: namespace, name });
  return redirect(caller, organizationPath(namespace, 'robots/'), { notice: `${namespace}+${name} was deleted.` });
};
