import type { Context } from '../../../../context';
import { displayName } from '../../../../features/repositories/names';
import {
  getRetention,
  removeRetention,
  setRetention,
  type AppliedRetention,
} from '../../../../features/retention/policies';
import { previewRetention, type RetentionPreview } from '../../../../features/retention/preview';
import { rulesText } from '../../../../features/retention/reasons';
import { areEmpty, checkRules } from '../../../../features/retention/rules';
import { listRetentionRuns, startRetention } from '../../../../features/retention/runs';
import type { Reply } from '../../../../platform/http/exchange';
import { ActButton, DangerButton } from '../../components/buttons';
import { Panel } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { plural } from '../../components/quantities';
import {
  RetentionForm,
  retentionVersion,
  rulesIn,
  typedFrom,
  typedIn,
  versionFor,
  type TypedRules,
} from '../../components/retention-form';
import { queryOf, triedIn } from '../../components/retention-query';
import { attempt, naming, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { assertVersion, VERSION } from '../../version';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { Fates, Runs } from './retention-parts';
import { ofSettings, settingsPage, settingsPath, type AdministeredDetails } from './settings-page';

const PART = 'retention/';
const RUNS_SHOWN = 5;

function Applied({ repository, applied }: { repository: AdministeredDetails; applied: AppliedRetention }): View {
  if (applied.source === 'none') return <p>No policy applies: all tags stay.</p>;
  const whose = applied.source === 'repository' ? 'This repository' : `The namespace ${repository.namespace}`;
  return (
    <p>
      {whose} has a policy. {rulesText(applied.policy)}
    </p>
  );
}

function Preview(props: {
  readonly visitor: Visitor;
  readonly repository: AdministeredDetails;
  readonly preview: RetentionPreview;
  readonly isTried: boolean;
  readonly asked: ReturnType<typeof pageAsked>;
}): View {
  const { visitor, repository, preview, isTried, asked } = props;
  const { deleted, kept, rules, total } = preview;
  const path = settingsPath(repository, PART);
  const counts = `${plural(deleted, 'tag')} would be deleted, ${plural(kept, 'tag')} would stay`;
  return (
    <Panel title="Dry run">
      <p>{isTried ? `With the rules above, which are not saved, ${counts}.` : `${counts}.`}</p>
      {!isTried && !areEmpty(rules) && (
        <DangerButton
          visitor={visitor}
          action={`${path}run/`}
          text="Run now"
          question={`${plural(deleted, 'tag')} of ${displayName(repository)} would be deleted. The history of tags keeps what each of them pointed to.`}
        />
      )}
      <Fates preview={preview} />
      <Paging asked={asked} total={total} path={path} query={isTried ? queryOf(rules) : {}} />
    </Panel>
  );
}

interface Shown {
  readonly typed?: TypedRules;
  readonly version?: string;
  readonly fault?: Fault | undefined;
}

async function show(
  ctx: Context,
  visitor: Visitor,
  repository: AdministeredDetails,
  query: URLSearchParams,
  shown: Shown = {},
): Promise<Reply> {
  const applied = await getRetention(ctx, repository);
  const tried = triedIn(query);
  const asked = pageAsked(query);
  const previewed = await attempt(() =>
    previewRetention(ctx, repository, tried === undefined ? undefined : rulesIn(tried), asked),
  );
  const { runs } = await listRetentionRuns(ctx, repository, { limit: RUNS_SHOWN, offset: 0 });
  const fault = shown.fault ?? previewed.fault;
  const { typed = tried ?? typedFrom(applied.policy), version = retentionVersion(applied) } = shown;
  const preview = shown.fault === undefined ? previewed.done : undefined;
  return settingsPage(
    visitor,
    repository,
    { title: 'Retention', current: PART, status: fault?.status ?? 200 },
    <>
      <Panel title="Retention">
        <p>
          A tag stays if one of these rules keeps it. A run every night deletes all others, except <code>latest</code>,
          immutable tags, and tags of the last hour.
        </p>
        <Applied repository={repository} applied={applied} />
        <RetentionForm visitor={visitor} typed={typed} version={version} fault={fault} />
        {applied.source === 'repository' && (
          <ActButton visitor={visitor} action={`${settingsPath(repository, PART)}remove/`} class="quiet">
            Remove this policy
          </ActButton>
        )}
      </Panel>
      {preview !== undefined && (
        <Preview
          visitor={visitor}
          repository={repository}
          preview={preview}
          isTried={tried !== undefined}
          asked={asked}
        />
      )}
      <Panel title="Last runs">
        <Runs runs={runs} />
      </Panel>
    </>,
  );
}

export const getRetentionPage = ofSettings<'member'>((ctx, { caller, query }, repository) =>
  show(ctx, caller, repository, query),
);

export const postRetention = ofSettings<'member-form'>(async (ctx, { caller, query }, repository) => {
  const { form } = caller;
  const typed = typedIn(form);
  const path = settingsPath(repository, PART);
  const isTrial = form.text('step') === 'try';
  const { done, fault } = await attempt(async () => {
    const rules = checkRules(rulesIn(typed));
    if (!isTrial) await setRetention(ctx, repository, rules, (now) => assertVersion(form, versionFor(now)));
    return rules;
  });
  if (fault !== undefined) {
    const kept = fault.status === 409 ? {} : { version: form.text(VERSION) };
    return show(ctx, caller, repository, query, { typed, fault, ...kept });
  }
  if (isTrial) return redirect(caller, `${path}?${new URLSearchParams(queryOf(done)).toString()}`);
  return redirect(caller, path, { notice: `Policy saved. ${rulesText(done)}` });
});

export const postRetentionRemoval = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const path = settingsPath(repository, PART);
  const { fault } = await attempt(() => naming(() => removeRetention(ctx, repository)));
  if (fault !== undefined) return redirect(caller, path, { notice: { text: fault.text, kind: 'problem' } });
  return redirect(caller, path, { notice: 'The policy was removed.' });
});

export const postRetentionRun = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const path = settingsPath(repository, PART);
  const { fault } = await attempt(() => startRetention(ctx, repository));
  if (fault !== undefined) return redirect(caller, path, { notice: { text: fault.text, kind: 'problem' } });
  return redirect(caller, path, { notice: 'The run begins in a moment. Reload the page to see its result.' });
});
