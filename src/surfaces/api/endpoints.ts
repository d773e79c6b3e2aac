import type { Endpoint } from './endpoint';
import { administrationEndpoints } from './endpoints/administration';
import { auditEndpoints } from './endpoints/audit';
import { commentEndpoints } from './endpoints/comments';
import { emailEndpoints } from './endpoints/emails';
import { healthEndpoints } from './endpoints/health';
import { oauthClientEndpoints } from './endpoints/oauth-clients';
import { oauthTokenEndpoints } from './endpoints/oauth-token';
import { passwordEndpoints } from './endpoints/password';
import { repositoryEndpoints } from './endpoints/repositories';
import { searchEndpoints } from './endpoints/search';
import { sessionEndpoints } from './endpoints/sessions';
import { siteStatisticsEndpoints } from './endpoints/site-statistics';
import { starEndpoints } from './endpoints/stars';
import { userEndpoints } from './endpoints/users';
import { webhookDeliveryEndpoints } from './endpoints/webhook-deliveries';
import { webhookEndpoints } from './endpoints/webhooks';

/** Every door of the API, in the order in which the document shows them. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...userEndpoints,
  ...passwordEndpoints,
  ...emailEndpoints,
  ...sessionEndpoints,
  ...oauthTokenEndpoints,
  ...oauthClientEndpoints,
  ...repositoryEndpoints,
  ...searchEndpoints,
  ...starEndpoints,
  ...commentEndpoints,
  ...webhookEndpoints,
  ...webhookDeliveryEndpoints,
  ...administrationEndpoints,
  ...auditEndpoints,
  ...siteStatisticsEndpoints,
  ...healthEndpoints,
];
