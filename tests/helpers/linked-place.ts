import type { ProviderKind } from '../../src/platform/providers/git-provider';
import { browseAs, type Browsing, type Seen } from './browse';
import { startGitProviders, type StandIns } from './git-providers/stand-in';
import { addUser, startTestServer, type TestServer } from './test-server';
import { migrateQueue } from '../../src/platform/jobs/queue';

/** A hub with alice and the four providers, whose accounts she can link. */
export interface LinkedPlace {
  readonly server: TestServer;
  readonly providers: StandIns;
  close(): Promise<void>;
}

export async function startLinkedPlace(): Promise<LinkedPlace> {
  const providers = await startGitProviders();
  const server = await startTestServer({ settings: { gitProviders: providers.settings } });
  await migrateQueue(server.ctx.db);
  await addUser(server, 'alice');
  return {
    server,
    providers,
    close: async () => {
      await server.close();
      await providers.close();
    },
  };
}

/** Links an account as a browser does. @returns what it sees when it is back */
export async function linkInBrowser(
  { providers }: Pick<LinkedPlace, 'providers'>,
  browsing: Browsing,
  provider: ProviderKind,
  access: 'full' | 'limited' = 'full',
): Promise<Seen> {
  const toProvider = await browsing.send('/account/linked/connect/', { provider, access }, '/account/linked/');
  const back = new URL(await providers.visit(toProvider.location));
  await browsing.get(back.pathname + back.search);
  return browsing.get('/account/linked/');
}

/** Links an account of alice. @returns its id */
export async function linkAlice(
  place: LinkedPlace,
  provider: ProviderKind,
  access: 'full' | 'limited' = 'full',
): Promise<number> {
  await linkInBrowser(place, await browseAs(place.server, 'alice'), provider, access);
  const row = await place.server.ctx
    .db<{ id: number; provider: string; unlinked_at: Date | null }>('linked_accounts')
    .where({ provider })
    .whereNull('unlinked_at')
    .first('id');
  if (row === undefined) throw new Error('the account was not linked');
  return row.id;
}
