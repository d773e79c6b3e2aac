import type { WebRow } from '../../access';
import { getAudit } from './audit';
import { getComments, postDeleteComment, postDismiss } from './comments';
import { getHealth } from './health';
import { getJobs, postDrop, postRetry } from './jobs';
import { getOverview } from './overview';
import { getNamespacePage, postStorageLimit, postStorageLimitRemoval } from './namespace';
import { getPlans, postDeletePlan, postPlans } from './plans';
import { getRuns, getStorage, postCancel, postStart } from './storage';
import {
  getUserPage,
  postConvert,
  postDelete,
  postPassword,
  postPlan,
  postReset,
  postSecondFactor,
  postStatus,
} from './user';
import { getUsers, postUser } from './users';

const USER = '/admin/users/:name';

/** The pages and forms of administrators. */
export const administrationRows: readonly WebRow[] = [
  { method: 'get', path: '/admin/', access: 'administrator', handle: getOverview },
  { method: 'get', path: '/admin/users/', access: 'administrator', handle: getUsers },
  { method: 'post', path: '/admin/users/', access: 'administrator-form', handle: postUser },
  { method: 'get', path: `${USER}/`, access: 'administrator', handle: getUserPage },
  { method: 'post', path: `${USER}/status/`, access: 'administrator-form', handle: postStatus },
  { method: 'post', path: `${USER}/password/`, access: 'administrator-form', handle: postPassword },
  { method: 'post', path: `${USER}/reset/`, access: 'administrator-form', handle: postReset },
  { method: 'post', path: `${USER}/second-factor/`, access: 'administrator-form', handle: postSecondFactor },
  { method: 'post', path: `${USER}/plan/`, access: 'administrator-form', handle: postPlan },
  { method: 'post', path: `${USER}/convert/`, access: 'administrator-form', handle: postConvert },
  { method: 'post', path: `${USER}/delete/`, access: 'administrator-form', handle: postDelete },
  { method: 'get', path: '/admin/plans/', access: 'administrator', handle: getPlans },
  { method: 'post', path: '/admin/plans/', access: 'administrator-form', handle: postPlans },
  { method: 'post', path: '/admin/plans/delete/', access: 'administrator-form', handle: postDeletePlan },
  { method: 'get', path: '/admin/namespaces/:name/', access: 'administrator', handle: getNamespacePage },
  { method: 'post', path: '/admin/namespaces/:name/storage/', access: 'administrator-form', handle: postStorageLimit },
  {
    method: 'post',
    path: '/admin/namespaces/:name/storage/remove/',
    access: 'administrator-form',
    handle: postStorageLimitRemoval,
  },
  { method: 'get', path: '/admin/storage/', access: 'administrator', handle: getStorage },
  { method: 'get', path: '/admin/storage/runs/', access: 'administrator', handle: getRuns },
  { method: 'post', path: '/admin/storage/start/', access: 'administrator-form', handle: postStart },
  { method: 'post', path: '/admin/storage/cancel/', access: 'administrator-form', handle: postCancel },
  { method: 'get', path: '/admin/jobs/', access: 'administrator', handle: getJobs },
  { method: 'post', path: '/admin/jobs/retry/', access: 'administrator-form', handle: postRetry },
  { method: 'post', path: '/admin/jobs/drop/', access: 'administrator-form', handle: postDrop },
  { method: 'get', path: '/admin/audit/', access: 'administrator', handle: getAudit },
  { method: 'get', path: '/admin/comments/', access: 'administrator', handle: getComments },
  { method: 'post', path: '/admin/comments/dismiss/', access: 'administrator-form', handle: postDismiss },
  { method: 'post', path: '/admin/comments/delete/', access: 'administrator-form', handle: postDeleteComment },
  { method: 'get', path: '/admin/health/', access: 'administrator', handle: getHealth },
];
