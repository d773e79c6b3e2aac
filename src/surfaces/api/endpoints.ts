import type { Endpoint } from './endpoint';
import { accessTokenEndpoints } from './endpoints/access-tokens';
import { administrationEndpoints } from './endpoints/administration';
import { auditEndpoints } from './endpoints/audit';
import { emailEndpoints } from './endpoints/emails';
import { healthEndpoints } from './endpoints/health';
import { invitationEndpoints } from './endpoints/invitations';
import { mailedLinkEndpoints } from './endpoints/mailed-links';
import { namespaceEndpoints } from './endpoints/namespaces';
import { oauthClientEndpoints } from './endpoints/oauth-clients';
import { oauthTokenEndpoints } from './endpoints/oauth-token';
import { organizationEndpoints } from './endpoints/organizations';
import { passwordEndpoints } from './endpoints/password';
import { planEndpoints } from './endpoints/plans';
import { repositoryEndpoints } from './endpoints/repositories';
import { robotEndpoints } from './endpoints/robots';
import { searchEndpoints } from './endpoints/search';
import { sessionEndpoints } from './endpoints/sessions';
import { teamEndpoints } from './endpoints/teams';
import { userEndpoints } from './endpoints/users';

/** Every door of the API, in the order in which the document shows them. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...userEndpoints,
  ...passwordEndpoints,
  ...emailEndpoints,
  ...mailedLinkEndpoints,
  ...accessTokenEndpoints,
  ...sessionEndpoints,
  ...oauthTokenEndpoints,
  ...oauthClientEndpoints,
  ...namespaceEndpoints,
  ...organizationEndpoints,
  ...teamEndpoints,
  ...invitationEndpoints,
  ...robotEndpoints,
  ...planEndpoints,
  ...repositoryEndpoints,
  ...searchEndpoints,
  ...administrationEndpoints,
  ...auditEndpoints,
  ...healthEndpoints,
];
