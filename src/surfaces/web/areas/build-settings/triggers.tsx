import type { Context } from '../../../../context';
import type { RepositoryName } from '../../../../features/access/actor';
import { addLink, listBases, removeLink } from '../../../../features/builds/links';
import { setSchedule } from '../../../../features/builds/schedules';
import { createTrigger, getTrigger, removeTrigger } from '../../../../features/builds/triggers';
import { noSuchRepository } from '../../../../features/repositories/access';
import { getReadable } from '../../../../features/repositories/get-repository';
import { parseFullName } from '../../../../features/repositories/names';
import { fieldError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import { Problem } from '../../components/forms';
import { attempt, naming, type Fault } from '../../problems';
import { redirect } from '../../reply';
import type { Visitor } from '../../visitor';
import { ofSettings, type AdministeredDetails } from '../repository-settings/settings-page';
import { buildSettingsPage, buildSettingsPath, NoSourceYet } from './frame';
import { sourceOf } from './source';
import { CreatedTrigger, LinksPanel, SchedulePanel, TriggerPanel } from './trigger-parts';

const PART = 'triggers/';

interface Shown {
  readonly schedule?: string;
  readonly base?: string;
  readonly fault?: Fault;
}

async function show(
  ctx: Context,
  visitor: Visitor,
  repository: AdministeredDetails,
  { schedule, base, fault }: Shown = {},
): Promise<Reply> {
  const source = await sourceOf(ctx, repository);
  const of = { visitor, repository, fault };
  const content =
    source === undefined ? (
      <NoSourceYet repository={repository} />
    ) : (
      <>
        <Problem fault={fault} />
        <TriggerPanel visitor={visitor} repository={repository} trigger={await getTrigger(ctx, repository)} />
        <SchedulePanel {...of} source={source} typed={schedule} />
        <LinksPanel {...of} bases={await listBases(ctx, repository)} typed={base} />
      </>
    );
  const page = { title: 'Triggers of builds', current: PART, status: fault?.status ?? 200 } as const;
  return buildSettingsPage(visitor, repository, page, content);
}

export const getTriggers = ofSettings<'member'>((ctx, { caller }, repository) => show(ctx, caller, repository));

/** Creates or replaces the trigger URL; only this answer shows it. */
export const postTrigger = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const { url } = await createTrigger(ctx, repository);
  return buildSettingsPage(
    caller,
    repository,
    { title: 'Trigger URL created', current: PART },
    <CreatedTrigger repository={repository} url={url} />,
  );
});

export const postTriggerRemoval = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  await removeTrigger(ctx, repository);
  return redirect(caller, buildSettingsPath(repository, PART), { notice: 'The trigger URL was removed.' });
});

export const postSchedule = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const schedule = caller.form.text('schedule');
  const { fault } = await attempt(() => setSchedule(ctx, repository, schedule));
  if (fault !== undefined) return show(ctx, caller, repository, { schedule, fault });
  const notice = schedule === '' ? 'The schedule is off.' : 'Schedule saved.';
  return redirect(caller, buildSettingsPath(repository, PART), { notice });
});

function baseIn(text: string): RepositoryName {
  const name = parseFullName(text);
  if (name === undefined) throw fieldError('invalid', 'base', 'Enter the name of a repository, such as library/node');
  return name;
}

export const postLink = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const base = caller.form.text('base');
  const { fault } = await attempt(async () => {
    const name = baseIn(base);
    const found = await naming(() => getReadable(ctx, caller.actor, name, { missing: noSuchRepository(name) }), 'base');
    return addLink(ctx, repository, found);
  });
  if (fault !== undefined) return show(ctx, caller, repository, { base, fault });
  return redirect(caller, buildSettingsPath(repository, PART), { notice: `A push to ${base} builds this repository.` });
});

export const postLinkRemoval = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const base = caller.form.text('base');
  const { fault } = await attempt(() => removeLink(ctx, repository, baseIn(base)));
  if (fault !== undefined) return show(ctx, caller, repository, { fault });
  return redirect(caller, buildSettingsPath(repository, PART), { notice: `The link to ${base} was removed.` });
});
