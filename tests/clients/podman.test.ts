import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { commandsOf } from '../helpers/document-section';
import type { ClientPlace } from './client-process';
import type { ClientHub } from './hub';
import { PLAIN, podmanInPlace } from './in-place';
import { installedVersion } from './installed-client';
import { layerTar, newMotd, type Held } from './layout';
import { CLIENTS, Row } from './matrix';
import { runCommands } from './document-commands';
import { served, statusOf } from './served';
import { testClient, type Client, type Stage } from './suite';

function podman(place: ClientPlace, { host }: ClientHub): Client {
  const global = podmanInPlace(place);
  const run = (...args: string[]) => place.run('podman', [...global, ...args]);
  const attempt = (...args: string[]) => place.attempt('podman', [...global, ...args]);
  const look = async (reference: string): Promise<Held> => {
    const [digest, id] = (await run('image', 'inspect', '--format', '{{.Digest}} {{.Id}}', reference)).split(' ');
    const mounted = await run('image', 'mount', reference);
    const motd = await readFile(path.join(mounted, 'etc/motd'), 'utf8');
    await run('image', 'unmount', reference);
    return { digest: digest ?? '', config: `sha256:${id ?? ''}`, motd };
  };
  return {
    login: (user, password) =>
      place.attempt('podman', [...global, 'login', PLAIN, '-u', user, '--password-stdin', host], password),
    logout: () => attempt('logout', host),
    create: async (reference, motd) => {
      const id = await place.run('podman', [...global, 'import', '--quiet', '-', reference], layerTar(motd));
      return { config: id.startsWith('sha256:') ? id : `sha256:${id}`, motd };
    },
    push: (reference) => attempt('push', PLAIN, reference),
    pull: async (reference) => {
      await run('rmi', '--all', '--force');
      await run('pull', '--quiet', PLAIN, reference);
      return look(reference);
    },
    attemptPull: (reference) => attempt('pull', PLAIN, reference),
    pushElsewhere: (from, to) => run('push', PLAIN, from, to),
    tags: (repository) => run('search', PLAIN, '--list-tags', '--format', '{{.Tag}}', repository),
  };
}

function more(stage: () => Stage): void {
  row.it('INDEX', 'pushes a manifest list, and pulls from it', async () => {
    const { client, place, hub, at } = stage();
    const run = (...args: string[]) => place.run('podman', [...podmanInPlace(place), ...args]);
    const held = await client.create(at('alice/one'), newMotd());
    expect(await client.push(at('alice/one'))).toMatchObject({ code: 0 });
    await run('manifest', 'create', 'list');
    await run('manifest', 'add', PLAIN, 'list', `docker://${at('alice/one')}`);
    await run('manifest', 'push', '--all', PLAIN, 'list', `docker://${at('alice/many')}`);
    expect(await statusOf(hub, 'alice/many', '1')).toBe(200);
    expect(await client.pull(at('alice/many'))).toMatchObject(held);
  });

  it('works as docs/CLIENTS.md says', async () => {
    const { client, place, hub } = stage();
    const motd = newMotd();
    await client.create('busybox', motd);
    const block = (commandsOf('docs/CLIENTS.md', 'Clients of today on other hosts')[0] ?? '').replaceAll(
      'podman ',
      `podman ${podmanInPlace(place).join(' ')} `,
    );
    expect(await runCommands(place, hub, block)).toContain('Login Succeeded!');
    expect((await served(hub, 'alice/busybox', 'latest')).text).toContain(motd);
  });
}

const row = new Row(CLIENTS, 'podman', installedVersion('podman'));
const open = async (place: ClientPlace, hub: ClientHub) => ({ client: podman(place, hub) });
testClient(row, open, { has: ['TAGS'] }, more);
