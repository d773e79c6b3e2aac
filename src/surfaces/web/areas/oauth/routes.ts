import type { WebRow } from '../../access';
import { CONSENT_PATH, getConsent, postConsent } from './consent';

/** The page where a user lets a program act for them. */
export const oauthRows: readonly WebRow[] = [
  { method: 'get', path: CONSENT_PATH, access: 'anyone', handle: getConsent },
  // Without a login, the form leads only to the login.
  { method: 'post', path: CONSENT_PATH, access: 'link-form', handle: postConsent },
];
