import type { WebRow } from '../../access';
import { getApiDocs } from './api-docs';
import { getFavicon, getRobots } from './browser-files';
import { getExplore } from './explore';
import { getHome } from './home';
import { getHubAddress } from './hub-address';
import { getProfilePage } from './profile';
import { getSearch } from './search';
import { getStart } from './start';
import { postTheme } from './theme';

/** The pages that everyone can see. */
export const publicRows: readonly WebRow[] = [
  { method: 'get', path: '/', access: 'anyone', handle: getHome },
  { method: 'get', path: '/explore/', access: 'anyone', handle: getExplore },
  { method: 'get', path: '/search', access: 'anyone', handle: getSearch },
  { method: 'get', path: '/start/', access: 'anyone', handle: getStart },
  { method: 'get', path: '/docs/api/', access: 'anyone', handle: getApiDocs },
  { method: 'get', path: '/u/:name/', access: 'anyone', handle: getProfilePage },
  { method: 'get', path: '/u/:namespace/:name/', access: 'file', handle: getHubAddress },
  { method: 'post', path: '/theme/', access: 'link-form', handle: postTheme },
  { method: 'get', path: '/robots.txt', access: 'file', handle: getRobots },
  { method: 'get', path: '/favicon.ico', access: 'file', handle: getFavicon },
];
