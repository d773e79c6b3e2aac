import type { WebRow } from '../../access';
import { repositoryRows } from '../../repository-path';
import { getTagDeletion, postTagDeletion } from './delete-tag';
import { getImagePage, getTagPage } from './image';
import { getOverview } from './overview';
import { getTags } from './tags';

/** The pages of a repository for all who may read it. */
export const repositoryPageRows: readonly WebRow[] = [
  ...repositoryRows('get', '', 'anyone', getOverview),
  ...repositoryRows('get', 'tags/', 'anyone', getTags),
  ...repositoryRows('get', 'tags/:tag/', 'anyone', getTagPage),
  ...repositoryRows('get', 'tags/:tag/delete/', 'member', getTagDeletion),
  ...repositoryRows('post', 'tags/:tag/delete/', 'member-form', postTagDeletion),
  ...repositoryRows('get', 'images/:imageId/', 'anyone', getImagePage),
];
