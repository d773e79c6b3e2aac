import { assertParticipant } from '../../../../features/repositories/access';
import { setStar } from '../../../../features/social/stars';
import type { WebHandler } from '../../access';
import { ownPath } from '../../own-path';
import { redirect } from '../../reply';
import { repositoryPath } from '../../repository-path';
import { repositoryAsked } from './repository-page';

/** Adds or removes the visitor's star, and goes back to the page with the button. */
export const postStar: WebHandler<'member-form'> = async (ctx, { caller, params }) => {
  const repository = await repositoryAsked(ctx, caller, params);
  await setStar(ctx, assertParticipant(repository.access), caller.form.text('starred') === 'yes');
  return redirect(caller, ownPath(caller.form.text('next'), repositoryPath(repository)));
};
