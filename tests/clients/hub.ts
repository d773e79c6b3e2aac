import { startChildServer } from '../helpers/child-server';
import { createCommandPlace, type Outcome } from '../helpers/command-place';
import { basic, passwordOf } from '../helpers/test-server';

/** What clients talk to. `tests/hosts` runs the same tests on several servers, see `serveClientsBy`. */
export interface ServedClients {
  readonly url: string;
  /** the URLs of the servers behind it, each of which counts its own requests */
  readonly servers: readonly string[];
  /** Runs a command on the same data. */
  run(...args: string[]): Promise<Outcome>;
  close(): Promise<void>;
}

/** The same with the accounts that the tests of clients use. */
export interface ClientHub extends Pick<ServedClients, 'url' | 'servers' | 'close'> {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** an access token of alice */
  readonly accessToken: string;
  /** the access token of the robot acme+ci, which may push to acme/app */
  readonly robotToken: string;
}

async function serveAlone(): Promise<ServedClients> {
  const place = await createCommandPlace();
  const server = await startChildServer(place.environment);
  return {
    url: server.url,
    servers: [server.url],
    run: place.run,
    close: async () => {
      await server.end('SIGTERM');
      await place.close();
    },
  };
}

let serve = serveAlone;

/** Has the tests of this file use something else than one server in a process of its own. */
export function serveClientsBy(other: () => Promise<ServedClients>): void {
  serve = other;
}

function tokenIn(stdout: string): string {
  const token = /ddt_[A-Za-z0-9]+/.exec(stdout)?.[0];
  if (token === undefined) throw new Error(`there is no token in ${stdout}`);
  return token;
}

/** Sends JSON to the API as alice. */
export async function ask(url: string, method: string, route: string, body: object): Promise<void> {
  const headers = { Authorization: basic('alice'), 'Content-Type': 'application/json', 'If-Match': '*' };
  const response = await fetch(url + route, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
}

/** Starts what clients talk to; alice owns acme, bob is another user. */
export async function startClientHub(): Promise<ClientHub> {
  const served = await serve();
  const { url, servers, close } = served;
  const run = async (line: string): Promise<string> => {
    const { code, stdout, stderr } = await served.run(...line.split(' '));
    if (code !== 0) throw new Error(`drydock ${line}: ${stderr}`);
    return stdout;
  };
  for (const user of ['alice', 'bob']) await run(`user add ${user} --password ${passwordOf(user)}`);
  await run('plan assign alice small');
  await run('org add acme --owner alice');
  await run('org robot-add acme ci');
  await run('repo create acme/app');
  await run('team add acme builders');
  await run('team join acme builders acme+ci');
  const accessToken = tokenIn(await run('token add alice --name laptop --access admin'));
  const robotToken = tokenIn(await run('token add acme+ci --name builds --access write'));
  await ask(url, 'PUT', '/api/v1.1/repositories/acme/app/teams/builders/', { access: 'write' });
  return { url, servers, host: new URL(url).host, accessToken, robotToken, close };
}
