import type { Context } from '../../../../context';
import { VISIBILITIES } from '../../../../features/access/policy';
import { listPlans } from '../../../../features/namespaces/plans';
import { getNamespaceSettings, updateNamespace } from '../../../../features/namespaces/settings';
import { getOwnersOrganization } from '../../../../features/namespaces/namespace-access';
import { getStorageUse } from '../../../../features/storage/storage-use';
import { AppError } from '../../../../platform/errors';
import type { WebHandler } from '../../access';
import { Actions, Form, Select } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { PlanForm } from '../../components/plan-form';
import { StorageMeter } from '../../components/storage-use';
import { page, redirect } from '../../reply';
import type { Visitor } from '../../visitor';
import { slotsUsed } from '../../components/visibility-choice';
import { OrganizationFrame, organizationPath } from './frame';

const VISIBILITY_TEXTS = {
  public: 'Public: anyone can find and pull them',
  unlisted: 'Unlisted: anyone who knows the name can pull',
  private: 'Private: only members of teams with access',
};

async function ownedBy(
  ctx: Context,
  visitor: Visitor,
  params: Readonly<Record<string, string>>,
): ReturnType<typeof getOwnersOrganization> {
  return getOwnersOrganization(ctx, visitor.actor, params['org'] ?? '');
}

/** The plan of an organization, and what is left of it. */
export const getPlan: WebHandler<'member'> = async (ctx, { caller, params }) => {
  const organization = await ownedBy(ctx, caller, params);
  const { namespace } = organization;
  const settings = await getNamespaceSettings(ctx, caller.actor, namespace);
  const { slots, plan, defaultVisibility } = settings;
  const use = await getStorageUse(ctx, caller.actor, namespace);
  const plans = caller.login.account.isAdmin ? await listPlans(ctx) : [];
  return page(
    caller,
    { title: `Plan of ${namespace}`, section: 'dashboard' },
    <OrganizationFrame visitor={caller} organization={organization} current="plan/">
      <Panel title={`Plan ${plan}`}>
        {slots !== undefined && (
          <>
            <p>{slotsUsed(slots)}.</p>
            {slots.limit !== undefined && (
              <progress
                value={slots.used}
                max={Math.max(slots.limit, slots.used, 1)}
                aria-label="Private repositories used"
              ></progress>
            )}
          </>
        )}
        <StorageMeter use={use} />
        {plans.length === 0 && <p class="fine">Site administrators assign plans.</p>}
        {plans.length > 0 && (
          <PlanForm
            visitor={caller}
            action={organizationPath(namespace, 'plan/assign/')}
            plans={plans}
            current={plan}
          />
        )}
      </Panel>
      <Panel title="New repositories">
        <Form visitor={caller}>
          <Select
            label="A repository created by its first push is"
            name="visibility"
            value={defaultVisibility}
            options={VISIBILITIES.map((value) => ({ value, label: VISIBILITY_TEXTS[value] }))}
          />
          <Actions>
            <button type="submit">Save</button>
          </Actions>
        </Form>
      </Panel>
    </OrganizationFrame>,
  );
};

export const postDefaultVisibility: WebHandler<'member-form'> = async (ctx, { caller, params }) => {
  const { namespace } = await ownedBy(ctx, caller, params);
  const defaultVisibility = VISIBILITIES.find((visibility) => visibility === caller.form.text('visibility'));
  if (defaultVisibility === undefined) throw new AppError('invalid', 'Choose who can see new repositories');
  await updateNamespace(ctx, caller.actor, namespace, { defaultVisibility });
  return redirect(caller, organizationPath(namespace, 'plan/'), { notice: 'Saved. This applies to new repositories.' });
};

export const postAssignPlan: WebHandler<'administrator-form'> = async (ctx, { caller, params }) => {
  const { namespace } = await ownedBy(ctx, caller, params);
  const plan = caller.form.required('plan', 'The plan');
  await updateNamespace(ctx, caller.actor, namespace, { plan });
  return redirect(caller, organizationPath(namespace, 'plan/'), { notice: `${namespace} now has the plan ${plan}.` });
};
