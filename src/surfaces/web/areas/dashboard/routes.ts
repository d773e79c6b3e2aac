import type { WebRow } from '../../access';
import { getActivity } from './activity';
import { getCreate, postCreate } from './create';
import { getCreateAutomated, postCreateAutomated } from './create-automated';
import { getShared, getStarred } from './others';
import { getDashboard } from './own-repositories';

/** The pages where members find the repositories they work with, and create new ones. */
export const dashboardRows: readonly WebRow[] = [
  { method: 'get', path: '/dashboard/', access: 'member', handle: getDashboard },
  { method: 'get', path: '/dashboard/activity/', access: 'member', handle: getActivity },
  { method: 'get', path: '/dashboard/shared/', access: 'member', handle: getShared },
  { method: 'get', path: '/dashboard/starred/', access: 'member', handle: getStarred },
  { method: 'get', path: '/repository/add/', access: 'member', handle: getCreate },
  { method: 'post', path: '/repository/add/', access: 'member-form', handle: postCreate },
  { method: 'get', path: '/repository/add/automated/', access: 'member', handle: getCreateAutomated },
  { method: 'post', path: '/repository/add/automated/', access: 'member-form', handle: postCreateAutomated },
];
