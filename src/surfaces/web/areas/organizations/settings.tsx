import type { Context } from '../../../../context';
import { deleteOrganization } from '../../../../features/namespaces/organizations';
import { getOrganization, updateOrganization } from '../../../../features/namespaces/organization-profiles';
import { getOwnersOrganization } from '../../../../features/namespaces/namespace-access';
import { renameOrganization } from '../../../../features/repositories/renaming';
import { fieldError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { WebExchange, WebHandler } from '../../access';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { OrganizationFrame, organizationPath } from './frame';

const FIELDS = [
  { name: 'fullName', label: 'Full name', maxlength: 100 },
  { name: 'company', label: 'Company', maxlength: 100 },
  { name: 'location', label: 'Location', maxlength: 100 },
  { name: 'profileUrl', of: 'profile_url', label: 'Website', maxlength: 255, hint: 'Starts with http:// or https://.' },
] as const;

type Typed = Readonly<Record<(typeof FIELDS)[number]['name'], string>>;

interface Shown {
  readonly typed?: Typed;
  readonly profileFault?: Fault | undefined;
  readonly name?: string;
  readonly renameFault?: Fault | undefined;
  readonly deletionFault?: Fault | undefined;
}

async function settingsPage(ctx: Context, exchange: WebExchange<'member'>, shown: Shown = {}): Promise<Reply> {
  const { caller, params } = exchange;
  const organization = await getOwnersOrganization(ctx, caller.actor, params['org'] ?? '');
  const { namespace } = organization;
  const values: Typed = shown.typed ?? (await getOrganization(ctx, caller.actor, namespace));
  const { profileFault, renameFault, deletionFault } = shown;
  const status = (profileFault ?? renameFault ?? deletionFault)?.status ?? 200;
  return page(
    caller,
    { title: `Settings of ${namespace}`, section: 'dashboard', status },
    <OrganizationFrame visitor={caller} organization={organization} current="settings/">
      <Panel title="Public profile">
        <Problem fault={profileFault} />
        <Form visitor={caller} fault={profileFault}>
          {FIELDS.map((field) => (
            <Field {...field} value={values[field.name]} />
          ))}
          <Actions>
            <button type="submit">Save</button>
          </Actions>
        </Form>
      </Panel>
      <Panel title="Name">
        <p>
          Its repositories and robots move with it. Pulls and logins by the old name still work, pushes need the new
          one, and nobody else can take the old one.
        </p>
        <Problem fault={renameFault} />
        <Form visitor={caller} action={organizationPath(namespace, 'rename/')} fault={renameFault}>
          <Field label="Name" name="name" value={shown.name ?? namespace} maxlength={255} autocomplete="off" required />
          <Actions>
            <button type="submit">Rename</button>
          </Actions>
        </Form>
      </Panel>
      <Panel title="Delete the organization" tone="danger">
        <p>This also deletes its teams and robots. Delete or transfer its repositories first.</p>
        <Problem fault={deletionFault} />
        <Form visitor={caller} action={organizationPath(namespace, 'delete/')} fault={deletionFault}>
          <Field
            label={`Type ${namespace} to confirm`}
            name="confirmation"
            expects={namespace}
            autocomplete="off"
            required
          />
          <Actions>
            <button type="submit" class="danger">
              Delete this organization
            </button>
          </Actions>
        </Form>
      </Panel>
    </OrganizationFrame>,
  );
}

export const getSettings: WebHandler<'member'> = (ctx, exchange) => settingsPage(ctx, exchange);

export const postSettings: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller, params } = exchange;
  const { namespace } = await getOwnersOrganization(ctx, caller.actor, params['org'] ?? '');
  const typed = Object.fromEntries(FIELDS.map(({ name }) => [name, caller.form.text(name)])) as Typed;
  const { fault } = await attempt(() => updateOrganization(ctx, caller.actor, namespace, typed));
  if (fault !== undefined) return settingsPage(ctx, exchange, { typed, profileFault: fault });
  return redirect(caller, organizationPath(namespace, 'settings/'), { notice: 'Profile saved.' });
};

export const postRename: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller, params } = exchange;
  const name = caller.form.text('name');
  const { done, fault } = await attempt(() => renameOrganization(ctx, caller.actor, params['org'] ?? '', name));
  if (fault !== undefined) return settingsPage(ctx, exchange, { name, renameFault: fault });
  return redirect(caller, organizationPath(done, 'settings/'), { notice: `The organization is now called ${done}.` });
};

export const postDeletion: WebHandler<'member-form'> = async (ctx, exchange) => {
  const { caller, params } = exchange;
  const { namespace } = await getOwnersOrganization(ctx, caller.actor, params['org'] ?? '');
  const { fault } = await attempt(async () => {
    if (caller.form.text('confirmation') !== namespace)
      throw fieldError('invalid', 'confirmation', `Type ${namespace} to confirm`);
    await deleteOrganization(ctx, caller.actor, namespace);
  });
  if (fault !== undefined) return settingsPage(ctx, exchange, { deletionFault: fault });
  return redirect(caller, '/organizations/', { notice: `The organization ${namespace} was deleted.` });
};
