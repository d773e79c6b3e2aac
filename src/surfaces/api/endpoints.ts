import type { Endpoint } from './endpoint';
import { administrationEndpoints } from './endpoints/administration';
import { auditEndpoints } from './endpoints/audit';
import { emailEndpoints } from './endpoints/emails';
import { healthEndpoints } from './endpoints/health';
import { oauthClientEndpoints } from './endpoints/oauth-clients';
import { oauthTokenEndpoints } from './endpoints/oauth-token';
import { passwordEndpoints } from './endpoints/password';
import { repositoryEndpoints } from './endpoints/repositories';
import { repositoryNameEndpoints } from './endpoints/repository-names';
import { searchEndpoints } from './endpoints/search';
import { sessionEndpoints } from './endpoints/sessions';
import { sharingEndpoints } from './endpoints/sharing';
import { statisticsEndpoints } from './endpoints/statistics';
import { tagHistoryEndpoints } from './endpoints/tag-history';
import { tagEndpoints } from './endpoints/tags';
import { userEndpoints } from './endpoints/users';

/** Every door of the API, in the order in which the document shows them. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...userEndpoints,
  ...passwordEndpoints,
  ...emailEndpoints,
  ...sessionEndpoints,
  ...oauthTokenEndpoints,
  ...oauthClientEndpoints,
  ...repositoryEndpoints,
  ...repositoryNameEndpoints,
  ...tagEndpoints,
  ...tagHistoryEndpoints,
  ...sharingEndpoints,
  ...statisticsEndpoints,
  ...searchEndpoints,
  ...administrationEndpoints,
  ...auditEndpoints,
  ...healthEndpoints,
];
