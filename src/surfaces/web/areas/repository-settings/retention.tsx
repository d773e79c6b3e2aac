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
import { areEmpty } from '../../../../features/retention/rules';
import { listRetentionRuns, startRetention } from '../../../../features/retention/runs';
import type { Reply } from '../../../../platform/http/exchange';
import { ActButton, DangerButton } from '../../components/buttons';
import { Panel } from '../../components/page-parts';
import { pageAsked, Paging } from '../../components/paging';
import { plural } from '../../components/quantities';
import { RetentionForm, retentionVersion, rulesIn, typedFrom } from '../../components/retention-form';
import { postRemoval, postRules, type ShownRules } from '../../components/retention-post';
import { queryOf, triedIn } from '../../components/retention-query';
import { attempt } from '../../problems';
import { redirect } from '../../reply';
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

async function show(
  ctx: Context,
  visitor: Visitor,
  repository: AdministeredDetails,
  query: URLSearchParams,
  shown: ShownRules = {},
): Promise<Reply> {
  const applied = await getRetention(ctx, repository);
  const tried = triedIn(query);
  const asked = pageAsked(query);
  const { done: preview, fault } =
    shown.fault === undefined
      ? await attempt(() => previewRetention(ctx, repository, tried && rulesIn(tried), asked))
      : { done: undefined, fault: shown.fault };
  const { runs } = await listRetentionRuns(ctx, repository, { limit: RUNS_SHOWN, offset: 0 });
  const { typed = tried ?? typedFrom(applied.policy), version = retentionVersion(applied) } = shown;
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

export const postRetention = ofSettings<'member-form'>((ctx, exchange, repository) =>
  postRules(exchange, {
    path: settingsPath(repository, PART),
    save: (rules, assertCurrent) => setRetention(ctx, repository, rules, assertCurrent),
    show: (shown) => show(ctx, exchange.caller, repository, exchange.query, shown),
  }),
);

export const postRetentionRemoval = ofSettings<'member-form'>((ctx, exchange, repository) =>
  postRemoval(exchange, settingsPath(repository, PART), () => removeRetention(ctx, repository)),
);

export const postRetentionRun = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const path = settingsPath(repository, PART);
  const { fault } = await attempt(() => startRetention(ctx, repository));
  if (fault !== undefined) return redirect(caller, path, { notice: { text: fault.text, kind: 'problem' } });
  return redirect(caller, path, { notice: 'The run begins in a moment. Reload the page to see its result.' });
});
