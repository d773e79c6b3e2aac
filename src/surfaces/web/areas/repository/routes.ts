import type { WebRow } from '../../access';
import { PREVIEW_PATH } from '../../components/markdown-area';
import { repositoryRows } from '../../repository-path';
import { getComments, postComment, postCommentDeletion, postCommentFlag } from './comments';
import { getTagCopy, postTagCopy } from './copy-tag';
import { getTagDeletion, postTagDeletion } from './delete-tag';
import { getFiles } from './files';
import { getHistory, postRestore } from './history';
import { getImagePage, getTagPage } from './image';
import { getManifestPage } from './manifest';
import { getOverview } from './overview';
import { postPreview } from './preview';
import { postStar } from './star';
import { getStatistics } from './statistics';
import { getTags } from './tags';
import { getTree } from './tree';

/** The pages of a repository, for everyone who may read it. */
export const repositoryPageRows: readonly WebRow[] = [
  ...repositoryRows('get', '', 'anyone', getOverview),
  ...repositoryRows('get', 'tags/', 'anyone', getTags),
  ...repositoryRows('get', 'tags/:tag/', 'anyone', getTagPage),
  ...repositoryRows('get', 'tags/:tag/copy/', 'member', getTagCopy),
  ...repositoryRows('post', 'tags/:tag/copy/', 'member-form', postTagCopy),
  ...repositoryRows('get', 'tags/:tag/delete/', 'member', getTagDeletion),
  ...repositoryRows('post', 'tags/:tag/delete/', 'member-form', postTagDeletion),
  ...repositoryRows('get', 'images/:imageId/', 'anyone', getImagePage),
  ...repositoryRows('get', 'images/:imageId/files/', 'anyone', getFiles),
  ...repositoryRows('get', 'manifests/:digest/', 'anyone', getManifestPage),
  ...repositoryRows('get', 'tree/', 'anyone', getTree),
  ...repositoryRows('get', 'history/', 'anyone', getHistory),
  ...repositoryRows('post', 'history/restore/', 'member-form', postRestore),
  ...repositoryRows('get', 'statistics/', 'anyone', getStatistics),
  ...repositoryRows('get', 'comments/', 'anyone', getComments),
  ...repositoryRows('post', 'comments/', 'member-form', postComment),
  ...repositoryRows('post', 'comments/:comment/delete/', 'member-form', postCommentDeletion),
  ...repositoryRows('post', 'comments/:comment/flag/', 'member-form', postCommentFlag),
  ...repositoryRows('post', 'star/', 'member-form', postStar),
  { method: 'post', path: PREVIEW_PATH, access: 'member-form', handle: postPreview },
];
