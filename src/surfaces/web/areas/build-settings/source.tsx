import type { Context } from '../../../../context';
import { changeSource, removeSource, renewHook } from '../../../../features/builds/source-changes';
import { addSource, getSource, type BuildSource } from '../../../../features/builds/sources';
import { AppError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { assertVersion, VERSION, versionOf } from '../../version';
import type { Visitor } from '../../visitor';
import { ofSettings, type AdministeredDetails } from '../repository-settings/settings-page';
import { buildSettingsPage, buildSettingsPath } from './frame';
import { CreatedSource } from './hook-panel';
import { FIRST_RULE, ruleIn, typedRule, type TypedRule } from './rule-fields';
import { NEW_SOURCE, sourceIn, typedOf, typedSource, type TypedSource } from './source-fields';
import { NewSource, SourceSettings } from './source-forms';

/** The source of a repository; undefined: it is not an automated one. */
export async function sourceOf(ctx: Context, repository: AdministeredDetails): Promise<BuildSource | undefined> {
  return getSource(ctx, repository).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not_found') return undefined;
    throw error;
  });
}

/** What a form of the source can change; a form is only for the values that it was filled with. */
function changeable(source: BuildSource): object {
  const { provider, cloneUrl, credential, syncsDescription, mailsFailures, allowsNetwork } = source;
  return { provider, cloneUrl, credential, syncsDescription, mailsFailures, allowsNetwork };
}

interface Shown {
  readonly typed?: TypedSource;
  readonly rule?: TypedRule;
  readonly version?: string;
  readonly fault?: Fault;
}

async function show(
  ctx: Context,
  visitor: Visitor,
  repository: AdministeredDetails,
  { typed, rule, version, fault }: Shown = {},
): Promise<Reply> {
  const source = await sourceOf(ctx, repository);
  const content =
    source === undefined ? (
      <NewSource {...{ visitor, repository, fault }} typed={typed ?? NEW_SOURCE} rule={rule ?? FIRST_RULE} />
    ) : (
      <SourceSettings
        {...{ visitor, repository, source, fault }}
        typed={typed ?? typedOf(source)}
        version={version ?? versionOf(changeable(source))}
      />
    );
  const page = { title: 'Automated builds', current: '', status: fault?.status ?? 200 } as const;
  return buildSettingsPage(visitor, repository, page, content);
}

export const getSourcePage = ofSettings<'member'>((ctx, { caller }, repository) => show(ctx, caller, repository));

/** Makes a repository an automated one; only this answer shows the secret of its hooks. */
export const postSource = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const { form } = caller;
  const rule = typedRule(form);
  const { done, fault } = await attempt(async () =>
    addSource(ctx, repository, { ...sourceIn(form), rules: [ruleIn(rule)] }),
  );
  if (fault !== undefined) return show(ctx, caller, repository, { typed: typedSource(form), rule, fault });
  const automated = { ...repository, isAutomated: true };
  return buildSettingsPage(
    caller,
    automated,
    { title: 'Automated builds', current: '' },
    <CreatedSource repository={automated} source={done} />,
  );
});

export const postSourceChanges = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const { form } = caller;
  const isAdmin = caller.login.account.isAdmin;
  const { fault } = await attempt(async () => {
    const network = isAdmin ? { allowsNetwork: form.isOn('allows_network') } : {};
    const changes = { ...sourceIn(form), ...network };
    return changeSource(ctx, repository, changes, (source) => assertVersion(form, changeable(source)));
  });
  if (fault === undefined) return redirect(caller, buildSettingsPath(repository), { notice: 'Source saved.' });
  // After a conflict the form has the present version, so sending it again may overwrite.
  const kept = fault.status === 409 ? {} : { version: form.text(VERSION) };
  return show(ctx, caller, repository, { typed: typedSource(form), fault, ...kept });
});

/** Replaces the URL and the secret of the hooks; only this answer shows the secret. */
export const postHook = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const source = await renewHook(ctx, repository);
  return buildSettingsPage(
    caller,
    repository,
    { title: 'Automated builds', current: '' },
    <CreatedSource repository={repository} source={source} />,
  );
});

export const postSourceRemoval = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  await removeSource(ctx, repository);
  return redirect(caller, buildSettingsPath(repository), { notice: 'Images can be pushed to this repository again.' });
});
