import { serveClientsBy } from '../clients/hub';
import { startCommand } from '../helpers/run-command';
import { startHosts } from './hosts';

/** Has the tests of clients in this file run on three hosts behind a proxy. */
export function serveClientsByHosts(): void {
  serveClientsBy(async () => {
    const { url, hosts, environment, close } = await startHosts();
    const servers = hosts.map((host) => host.url);
    return { url, servers, run: (...args) => startCommand(args, environment).ended, close };
  });
}
