import type { Endpoint } from './endpoint';
import { accessTokenEndpoints } from './endpoints/access-tokens';
import { administrationEndpoints } from './endpoints/administration';
import { auditEndpoints } from './endpoints/audit';
import { authorizationEndpoints } from './endpoints/authorizations';
import { buildSettingEndpoints } from './endpoints/build-settings';
import { buildPolicyEndpoints } from './endpoints/build-policy';
import { buildSourceEndpoints } from './endpoints/build-sources';
import { buildEndpoints } from './endpoints/builds';
import { commentEndpoints } from './endpoints/comments';
import { emailEndpoints } from './endpoints/emails';
import { healthEndpoints } from './endpoints/health';
import { imageEndpoints } from './endpoints/images';
import { linkedAccountEndpoints } from './endpoints/linked-accounts';
import { linkedSignInEndpoints } from './endpoints/linked-sign-ins';
import { manifestEndpoints } from './endpoints/manifests';
import { invitationEndpoints } from './endpoints/invitations';
import { jobQueueEndpoints } from './endpoints/job-queue';
import { mailedLinkEndpoints } from './endpoints/mailed-links';
import { maintenanceEndpoints } from './endpoints/maintenance';
import { namespaceEndpoints } from './endpoints/namespaces';
import { namespaceRetentionEndpoints } from './endpoints/namespace-retention';
import { oauthClientEndpoints } from './endpoints/oauth-clients';
import { oauthTokenEndpoints } from './endpoints/oauth-token';
import { organizationEndpoints } from './endpoints/organizations';
import { passwordEndpoints } from './endpoints/password';
import { ownAccountEndpoints } from './endpoints/own-account';
import { planEndpoints } from './endpoints/plans';
import { repositoryEndpoints } from './endpoints/repositories';
import { repositoryNameEndpoints } from './endpoints/repository-names';
import { retiredNameEndpoints } from './endpoints/retired-names';
import { retentionEndpoints } from './endpoints/retention';
import { searchEndpoints } from './endpoints/search';
import { secondFactorEndpoints } from './endpoints/second-factor';
import { sessionEndpoints } from './endpoints/sessions';
import { sharingEndpoints } from './endpoints/sharing';
import { statisticsEndpoints } from './endpoints/statistics';
import { tagHistoryEndpoints } from './endpoints/tag-history';
import { tagEndpoints } from './endpoints/tags';
import { robotEndpoints } from './endpoints/robots';
import { storageEndpoints } from './endpoints/storage';
import { storageUseEndpoints } from './endpoints/storage-use';
import { teamGroupEndpoints } from './endpoints/team-groups';
import { teamEndpoints } from './endpoints/teams';
import { siteStatisticsEndpoints } from './endpoints/site-statistics';
import { starEndpoints } from './endpoints/stars';
import { userEndpoints } from './endpoints/users';
import { webhookDeliveryEndpoints } from './endpoints/webhook-deliveries';
import { webhookEndpoints } from './endpoints/webhooks';

/** Every endpoint of the API, in the order of the document. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...userEndpoints,
  ...ownAccountEndpoints,
  ...passwordEndpoints,
  ...emailEndpoints,
  ...mailedLinkEndpoints,
  ...accessTokenEndpoints,
  ...secondFactorEndpoints,
  ...sessionEndpoints,
  ...oauthTokenEndpoints,
  ...oauthClientEndpoints,
  ...authorizationEndpoints,
  ...linkedSignInEndpoints,
  ...namespaceEndpoints,
  ...storageUseEndpoints,
  ...organizationEndpoints,
  ...teamEndpoints,
  ...teamGroupEndpoints,
  ...invitationEndpoints,
  ...robotEndpoints,
  ...planEndpoints,
  ...repositoryEndpoints,
  ...repositoryNameEndpoints,
  ...tagEndpoints,
  ...tagHistoryEndpoints,
  ...retentionEndpoints,
  ...namespaceRetentionEndpoints,
  ...imageEndpoints,
  ...manifestEndpoints,
  ...sharingEndpoints,
  ...statisticsEndpoints,
  ...searchEndpoints,
  ...starEndpoints,
  ...commentEndpoints,
  ...linkedAccountEndpoints,
  ...buildPolicyEndpoints,
  ...buildSourceEndpoints,
  ...buildSettingEndpoints,
  ...buildEndpoints,
  ...webhookEndpoints,
  ...webhookDeliveryEndpoints,
  ...administrationEndpoints,
  ...retiredNameEndpoints,
  ...auditEndpoints,
  ...siteStatisticsEndpoints,
  ...jobQueueEndpoints,
  ...maintenanceEndpoints,
  ...storageEndpoints,
  ...healthEndpoints,
];
