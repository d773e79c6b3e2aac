import type { Context } from '../../../../context';
import { listTagPage } from '../../../../features/tags/tag-pages';
import { changeSettings } from '../../../../features/repositories/repository-settings';
import type { Reply } from '../../../../platform/http/exchange';
import { Actions, Form, Problem, TextArea } from '../../components/forms';
import { Panel, Table } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { assertVersion, VERSION, versionOf } from '../../version';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { ofSettings, settingsPage, settingsPath, type AdministeredDetails } from './settings-page';

const PART = 'tags/';
const TAGS_LOOKED_AT = 25;

const EXAMPLES = [
  ['*', 'every tag', 'latest, 1.0'],
  ['v*', 'any tag starting with v', 'v1, v2.0-rc1; not latest'],
  ['?.?', 'one character, a dot, one character', '1.0, 2.3; not 10.0'],
  ['release-*', 'any tag starting with release-', 'release-7; not release'],
  ['stable', 'only this tag', 'stable'],
] as const;

function Examples(): View {
  return (
    <Table caption="Examples of patterns" head={['Pattern', 'Means', 'Matches']}>
      {EXAMPLES.map(([pattern, meaning, matches]) => (
        <tr>
          <td>
            <code>{pattern}</code>
          </td>
          <td>{meaning}</td>
          <td>{matches}</td>
        </tr>
      ))}
    </Table>
  );
}

/** The latest tags that match the saved patterns. */
function MatchedNow({ tags }: { readonly tags: readonly { name: string; isImmutable: boolean }[] }): View {
  const matched = tags.filter(({ isImmutable }) => isImmutable);
  if (tags.length === 0) return <p class="fine">The repository has no tags yet.</p>;
  const looked = tags.length < TAGS_LOOKED_AT ? 'Of its tags' : `Of the ${TAGS_LOOKED_AT} tags that changed last`;
  if (matched.length === 0) return <p class="fine">No tags are immutable.</p>;
  return (
    <p class="fine">
      {looked} these are immutable now:{' '}
      {matched.map(({ name }, at) => (
        <>
          {at > 0 && ', '}
          <code>{name}</code>
        </>
      ))}
      .
    </p>
  );
}

async function show(
  ctx: Context,
  visitor: Visitor,
  repository: AdministeredDetails,
  options: { text?: string; version?: string; fault?: Fault } = {},
): Promise<Reply> {
  const saved = repository.immutableTags;
  const { text = saved.join('\n'), version = versionOf(saved), fault } = options;
  const wanted = { limit: TAGS_LOOKED_AT, offset: 0, sort: 'updated' } as const;
  const { tags } = await listTagPage(ctx, repository, wanted);
  return settingsPage(
    visitor,
    repository,
    { title: 'Immutable tags', current: PART, status: fault?.status ?? 200 },
    <>
      <Panel title="Immutable tags">
        <p>A tag that matches a pattern can be set once. After that, nobody can move or delete it, not even you.</p>
        <MatchedNow tags={tags} />
        <Problem fault={fault} />
        {fault?.status === 409 && (
          <p>
            Saved now: <code>{saved.length === 0 ? 'no pattern' : saved.join(' ')}</code>
          </p>
        )}
        <Form visitor={visitor} fault={fault}>
          <input type="hidden" name={VERSION} value={version} />
          <TextArea
            label="Patterns"
            name="patterns"
            of="immutable_tags"
            value={text}
            rows={5}
            hint="One per line, up to 20. * matches any text, ? any single character. If empty, every tag can be moved."
          />
          <Actions>
            <button type="submit">Save</button>
          </Actions>
        </Form>
      </Panel>
      <h2>Examples</h2>
      <Examples />
    </>,
  );
}

export const getImmutableTags = ofSettings<'member'>((ctx, { caller }, repository) => show(ctx, caller, repository));

export const postImmutableTags = ofSettings<'member-form'>(async (ctx, { caller }, repository) => {
  const { form } = caller;
  const text = form.lines('patterns');
  const immutableTags = text.split(/\s+/).filter((pattern) => pattern !== '');
  const { fault } = await attempt(() =>
    changeSettings(ctx, repository, { immutableTags }, (now) => assertVersion(form, now.immutableTags)),
  );
  if (fault === undefined) {
    const notice = immutableTags.length === 0 ? 'Every tag can be moved now.' : 'Patterns saved.';
    return redirect(caller, settingsPath(repository, PART), { notice });
  }
  const kept = fault.status === 409 ? {} : { version: form.text(VERSION) };
  return show(ctx, caller, repository, { text, fault, ...kept });
});
