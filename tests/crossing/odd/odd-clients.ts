import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { installedVersion, type DebianClient } from '../../clients/installed-client';
import type { CrossingClient } from '../clients';
import { openClient, type OpenClient } from '../open-client';

/** The clients that are installed here. */
export const INSTALLED = (['docker', 'podman', 'buildah', 'skopeo'] as const).filter(
  (name) => installedVersion(name) !== '',
);

/** All installed clients at once. */
export interface OddClients {
  /**
   * Has clients pull the same image at the same time.
   *
   * @returns for each what the act says, or the error of its client
   */
  all(
    names: readonly DebianClient[],
    act: (client: CrossingClient) => Promise<string>,
  ): Promise<Record<string, string>>;
  close(): Promise<void>;
}

/** Opens them, logged in as alice. */
async function openInstalled(host: string): Promise<OddClients> {
  const opened = new Map<DebianClient, OpenClient>();
  for (const name of INSTALLED) opened.set(name, await openClient(name, host));
  return {
    all: async (names, act) => {
      const ended = await Promise.all(
        [...opened]
          .filter(([name]) => names.includes(name))
          .map(
            async ([name, { client }]) => [name, await act(client).catch((error: unknown) => String(error))] as const,
          ),
      );
      return Object.fromEntries(ended);
    },
    close: async () => {
      await Promise.all([...opened.values()].map(({ close }) => close()));
    },
  };
}

/** A server with alice's account, and all installed clients, logged in as her; both are closed after all tests of the file. */
export function useOddClients(): { readonly server: TestServer; readonly installed: OddClients } {
  const used = {} as { server: TestServer; installed: OddClients };
  beforeAll(async () => {
    used.server = await startTestServer();
    await addUser(used.server, 'alice');
    used.installed = await openInstalled(used.server.host);
  });
  afterAll(async () => {
    await used.installed.close();
    await used.server.close();
  });
  return used;
}

/** What `all` returns when each client gets the same, except for those that refuse it with these words. */
export function wanted(
  names: readonly DebianClient[],
  answer: string,
  refused: Partial<Record<DebianClient, RegExp>>,
): Record<string, unknown> {
  const entries = names
    .filter((name) => INSTALLED.includes(name))
    .map((name) => [name, refused[name] === undefined ? answer : expect.stringMatching(refused[name])]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}
