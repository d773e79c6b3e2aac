import { serveClientsByHosts } from '../hosts/clients';

import '../clients/buildah.test';
import '../clients/conformance.test';
import '../clients/docker.test';
import '../clients/oras.test';
import '../clients/podman.test';
import '../clients/skopeo.test';
import '../clients/two-clients.test';

/* The clients of today that the usual run does not try, through the proxy in front of three hosts. */

serveClientsByHosts();
