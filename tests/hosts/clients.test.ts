import { areHostsInstalled } from './hosts';
import { serveClientsByHosts } from './clients';

import '../clients/crane.test';

/* A client of today through the proxy in front of three hosts; `npm run test:soak` has all of them. */

if (areHostsInstalled()) serveClientsByHosts();
