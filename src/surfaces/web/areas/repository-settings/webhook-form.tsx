import type { Needs } from '../../../../context';
import type { Delivery } from '../../../../features/webhooks/deliveries';
import type { Webhook } from '../../../../features/webhooks/webhooks';
import type { Form as SentForm } from '../../form';
import { Actions, Checkbox, Field, Form, Problem, TextArea } from '../../components/forms';
import { Badge } from '../../components/page-parts';
import { VERSION } from '../../version';
import type { Fault } from '../../problems';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';

/** What a delivery is about, as people read it. */
export const EVENT_NAMES: Readonly<Record<Delivery['event'], string>> = {
  push: 'Push',
  test: 'Test',
  build_failed: 'Failed build',
  build_recovered: 'Build after failures',
};

/** The values of a webhook's form, except for the secret, which is not shown again. */
export interface HookValues {
  readonly name: string;
  /** one on each line */
  readonly urls: string;
  readonly isActive: boolean;
  readonly tellsBuilds: boolean;
}

/** The values of a webhook's form, as they were typed. */
export function hookValuesIn(form: SentForm): HookValues {
  return {
    name: form.text('hook_name'),
    urls: form.lines('urls'),
    isActive: form.isOn('active'),
    tellsBuilds: form.isOn('builds'),
  };
}

/** The URLs of a field that has one on each line. */
export function urlsOf({ urls }: HookValues): string[] {
  return urls.split(/\s+/).filter((url) => url !== '');
}

/** A warning about URLs to which deliveries are refused, with what the operator can do. */
export function RefusedUrls({
  ctx,
  urls,
}: {
  readonly ctx: Needs<'guardedClient'>;
  readonly urls: readonly string[];
}): View {
  const refused = urls.find((url) => ctx.guardedClient.whyRefused(url) !== undefined);
  if (refused === undefined) return <></>;
  return (
    <p class="notice warn">
      Deliveries to <code>{refused}</code> are refused, because it is not on the open internet. The operator can allow
      it with DRYDOCK_WEBHOOK_ALLOW.
    </p>
  );
}

/** The form that creates or changes a webhook. */
export function WebhookForm(props: {
  readonly visitor: Visitor;
  readonly action: string;
  readonly values: HookValues;
  /** the version of the webhook to change; undefined: a new webhook */
  readonly version?: string | undefined;
  readonly fault?: Fault | undefined;
}): View {
  const { visitor, action, values, version, fault } = props;
  const isNew = version === undefined;
  const secretHint = isNew
    ? 'Signs deliveries, so that the receiver can verify the sender. At least 16 characters; leave empty to generate one.'
    : 'Leave empty to keep the current one. At least 16 characters.';
  return (
    <Form visitor={visitor} fault={fault} action={action}>
      <Problem fault={fault} />
      {version !== undefined && <input type="hidden" name={VERSION} value={version} />}
      <Field label="Name" name="hook_name" of="name" value={values.name} required maxlength={64} />
      <TextArea
        label="URLs"
        name="urls"
        value={values.urls}
        required
        rows={3}
        hint="One per line, up to 5. Each URL is called after the one before it has called back with success."
      />
      <Field
        label={isNew ? 'Secret' : 'New secret'}
        name="secret"
        autocomplete="off"
        maxlength={255}
        hint={secretHint}
      />
      <Checkbox
        label="Builds: call it, too, when a build fails, and when the next one succeeds"
        name="builds"
        checked={values.tellsBuilds}
      />
      {!isNew && <Checkbox label="Active: call it after each push" name="active" checked={values.isActive} />}
      <Actions>
        <button type="submit">{isNew ? 'Create webhook' : 'Save'}</button>
      </Actions>
    </Form>
  );
}

/** Whether a webhook is enabled, and whether its deliveries succeed. */
export function HookState({ webhook }: { readonly webhook: Webhook }): View {
  if (!webhook.isActive) return <Badge>off</Badge>;
  return webhook.failingSince === undefined ? <Badge tone="good">on</Badge> : <Badge tone="bad">failing</Badge>;
}
