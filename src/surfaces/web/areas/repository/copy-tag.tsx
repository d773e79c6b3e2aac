import { copyTag } from '../../../../features/images/promotion';
import { parseEngine } from '../../../../features/tags/engine';
import { noSuchRepository } from '../../../../features/repositories/access';
import { getWritable } from '../../../../features/repositories/get-repository';
import { displayName, noSuchFullName, parseFullName } from '../../../../features/repositories/names';
import { getShownTag, type ShownTag } from '../../../../features/manifests/shown-tags';
import type { RepositoryDetails } from '../../../../features/repositories/repository-details';
import { fieldError } from '../../../../platform/errors';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { RepositoryFrame } from '../../components/repository-frame';
import { attempt, naming, type Fault } from '../../problems';
import { page, redirect } from '../../reply';
import { repositoryPath } from '../../repository-path';
import { shortId, tagPath } from './addresses';
import { repositoryAsked, repositoryPage } from './repository-page';

interface Parts {
  readonly repository: RepositoryDetails;
  readonly tag: ShownTag;
  /** the values of the form */
  readonly values: { readonly target: string; readonly tag: string };
  readonly fault?: Fault | undefined;
}

function form(visitor: Member, { repository, tag, values, fault }: Parts): Reply {
  const { namespace, isOfficial } = repository;
  const whereTo = isOfficial ? 'any repository that you can push to' : `another repository of ${namespace}`;
  return page(
    visitor,
    { title: `Copy the tag ${tag.name}`, ...(fault === undefined ? {} : { status: fault.status }) },
    <RepositoryFrame visitor={visitor} repository={repository} current="tags/">
      <Panel title={`Copy ${tag.name} to another repository`}>
        <p>
          The image <code>{shortId(tag.manifest?.digest ?? tag.imageId ?? '')}</code> and all its layers become part of{' '}
          {whereTo}, under a tag of your choice. No layers are transferred, and webhooks fire as for a push.
        </p>
        <Problem fault={fault} />
        <Form visitor={visitor} fault={fault}>
          <Field
            label="Repository"
            name="target"
            of="repository"
            value={values.target}
            required
            maxlength={511}
            hint="It must exist, and you must be able to push to it."
          />
          <Field label="Tag" name="tag" of="name" value={values.tag} required maxlength={128} />
          <Actions>
            <button type="submit">Copy</button>
            <a class="button quiet" href={tagPath(repository, tag.name)}>
              Cancel
            </a>
          </Actions>
        </Form>
      </Panel>
    </RepositoryFrame>,
  );
}

/** Asks where to copy a tag. */
export const getTagCopy = repositoryPage<'member'>(async (ctx, { caller, params }, repository) => {
  const tag = await getShownTag(ctx, repository, params['tag'] ?? '');
  const target = repository.isOfficial ? '' : `${repository.namespace}/`;
  return form(caller, { repository, tag, values: { target, tag: tag.name } });
});

export const postTagCopy: WebHandler<'member-form'> = async (ctx, { req, caller, params }) => {
  const repository = await repositoryAsked(ctx, caller, params);
  const tag = await getShownTag(ctx, repository, params['tag'] ?? '');
  const values = { target: caller.form.text('target').trim(), tag: caller.form.text('tag').trim() };
  const { done, fault } = await attempt(async () => {
    const name = parseFullName(values.target);
    if (name === undefined) throw fieldError('invalid', 'repository', noSuchFullName(values.target));
    const engine = parseEngine(req.headers['user-agent']);
    await naming(async () => {
      const target = await getWritable(ctx, caller.actor, name, { missing: noSuchRepository(name) });
      await copyTag(ctx, { repository, tag: tag.name }, { repository: target, tag: values.tag, engine });
    }, 'repository');
    return name;
  });
  if (fault !== undefined) return form(caller, { repository, tag, values, fault });
  const notice = `${displayName(repository)}:${tag.name} was copied to ${displayName(done)}:${values.tag}.`;
  return redirect(caller, repositoryPath(done, 'tags/'), { notice });
};
