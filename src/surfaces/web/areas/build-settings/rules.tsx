import type { Context } from '../../../../context';
import { addRule, changeRule, listRules, type BuildRule } from '../../../../features/builds/rules';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import { DangerButton } from '../../components/buttons';
import { Actions, Form, Problem } from '../../components/forms';
import { idOf } from '../../components/older';
import { Empty, Panel, Table } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { assertVersion, VERSION, versionOf } from '../../version';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { ofSettings, type AdministeredDetails } from '../repository-settings/settings-page';
import { buildSettingsPage, buildSettingsPath, NoSourceYet } from './frame';
import { NEW_RULE, RuleFields, ruleIn, typedRule, typedRuleOf, type TypedRule } from './rule-fields';

const PART = 'rules/';

function rulePath(repository: AdministeredDetails, { id }: Pick<BuildRule, 'id'>, rest = ''): string {
  return buildSettingsPath(repository, `${PART}${id}/${rest}`);
}

function RuleTable({ repository, rules }: { repository: AdministeredDetails; rules: readonly BuildRule[] }): View {
  if (rules.length === 0) {
    return (
      <Empty title="No build rules">
        <p>Nothing is built until you add one.</p>
      </Empty>
    );
  }
  return (
    <Table caption="Build rules" head={['Source', 'Dockerfile', 'Context', 'Docker tag', '']}>
      {rules.map((rule) => (
        <tr>
          <td class="text">
            {rule.refType} <code>{rule.refPattern}</code>
          </td>
          <td class="text">
            <code>{rule.dockerfilePath}</code>
          </td>
          <td class="text">
            <code>{rule.contextPath}</code>
          </td>
          <td class="text">
            <code>{rule.tag}</code>
          </td>
          <td class="number">
            <a href={rulePath(repository, rule)} aria-label={`Edit the rule ${rule.refType} ${rule.refPattern}`}>
              Edit
            </a>
          </td>
        </tr>
      ))}
    </Table>
  );
}

async function showRules(
  ctx: Context,
  visitor: Visitor,
  repository: AdministeredDetails,
  { typed = NEW_RULE, fault }: { typed?: TypedRule; fault?: Fault } = {},
): Promise<Reply> {
  const rules = await listRules(ctx, repository);
  const content = repository.isAutomated ? (
    <>
      <h2>Build rules</h2>
      <RuleTable repository={repository} rules={rules} />
      <Panel title="Add a build rule">
        <Problem fault={fault} />
        <Form visitor={visitor} fault={fault} action={buildSettingsPath(repository, PART)}>
          <RuleFields typed={typed} />
          <Actions>
            <button type="submit">Add rule</button>
          </Actions>
        </Form>
      </Panel>
    </>
  ) : (
    <NoSourceYet repository={repository} />
  );
  return buildSettingsPage(
    visitor,
    repository,
    { title: 'Build rules', current: PART, status: fault?.status ?? 200 },
    content,
  );
}

export const getRules = ofSettings<'member'>((ctx, { caller }, repository) => showRules(ctx, caller, repository));

export const postRule = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const typed = typedRule(caller.form);
  const { fault } = await attempt(() => addRule(ctx, repository, ruleIn(typed)));
  if (fault !== undefined) return showRules(ctx, caller, repository, { typed, fault });
  return redirect(caller, buildSettingsPath(repository, PART), { notice: 'Rule added.' });
});

async function findRule(
  ctx: Context,
  repository: AdministeredDetails,
  params: Readonly<Record<string, string>>,
): Promise<BuildRule> {
  const id = idOf(params['rule']);
  const rule = (await listRules(ctx, repository)).find((each) => each.id === id);
  if (rule === undefined) throw new AppError('not_found', 'Build rule not found');
  return rule;
}

function showRule(
  visitor: Visitor,
  { repository, rule }: { readonly repository: AdministeredDetails; readonly rule: BuildRule },
  {
    typed = typedRuleOf(rule),
    version = versionOf(rule),
    fault,
  }: { typed?: TypedRule; version?: string; fault?: Fault } = {},
): Reply {
  return buildSettingsPage(
    visitor,
    repository,
    { title: 'Build rule', current: PART, status: fault?.status ?? 200 },
    <>
      <Panel title={`The rule ${rule.refType} ${rule.refPattern}`}>
        <Problem fault={fault} />
        <Form visitor={visitor} fault={fault} action={rulePath(repository, rule)}>
          <input type="hidden" name={VERSION} value={version} />
          <RuleFields typed={typed} />
          <Actions>
            <button type="submit">Save rule</button>
          </Actions>
        </Form>
      </Panel>
      <DangerButton
        visitor={visitor}
        action={rulePath(repository, rule, 'delete/')}
        text="Delete rule"
        question="Builds that wait for it are cancelled. Tags that it has set stay."
      />
    </>,
  );
}

export const getRule = ofSettings<'member'>(async (ctx, { caller, params }, repository) =>
  showRule(caller, { repository, rule: await findRule(ctx, repository, params) }),
);

export const postRuleChanges = ofSettings<'member-form'>(async (ctx, { caller, params }, repository) => {
  const { form } = caller;
  const typed = typedRule(form);
  const rule = await findRule(ctx, repository, params);
  const { fault } = await attempt(() =>
    changeRule(ctx, repository, rule.id, ruleIn(typed), (current) => assertVersion(form, current)),
  );
  if (fault === undefined) return redirect(caller, buildSettingsPath(repository, PART), { notice: 'Rule saved.' });
  // After a conflict the form has the present version, so sending it again may overwrite.
  const kept = fault.status === 409 ? {} : { version: form.text(VERSION) };
  return showRule(caller, { repository, rule }, { typed, fault, ...kept });
});

export const postRuleRemoval = ofSettings<'member-form'>(async (ctx, { caller, params }, repository) => {
  await changeRule(ctx, repository, (await findRule(ctx, repository, params)).id, undefined);
  return redirect(caller, buildSettingsPath(repository, PART), { notice: 'Rule deleted.' });
});
