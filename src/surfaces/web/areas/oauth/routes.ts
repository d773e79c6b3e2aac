import type { WebRow } from '../../access';
import { CONSENT_PATH, getConsent, postConsent } from './consent';

/** Where a program sends a user, so that he lets it act for him. */
export const oauthRows: readonly WebRow[] = [
  { method: 'get', path: CONSENT_PATH, access: 'anyone', handle: getConsent },
  // Without a login it only leads to one.
  { method: 'post', path: CONSENT_PATH, access: 'link-form', handle: postConsent },
];
