import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ClientPlace } from './client-process';
import type { ClientHub } from './hub';
import { PLAIN, buildahInPlace } from './in-place';
import { installedVersion } from './installed-client';
import { newMotd, type Held } from './layout';
import { CLIENTS, Row } from './matrix';
import { manifestOf } from './served';
import { testClient, type Client, type Stage } from './suite';

function buildah(place: ClientPlace, { host }: ClientHub): Client {
  const global = buildahInPlace(place);
  const run = (...args: string[]) => place.run('buildah', [...global, ...args]);
  const attempt = (...args: string[]) => place.attempt('buildah', [...global, ...args]);
  const look = async (reference: string): Promise<Held> => {
    const container = await run('from', '--pull-never', reference);
    const format = '{{.FromImageDigest}} {{.FromImageID}}';
    const [digest = '', id = ''] = (await run('inspect', '--format', format, container)).split(' ');
    const motd = await readFile(path.join(await run('mount', container), 'etc/motd'), 'utf8');
    await run('rm', container);
    return { digest, config: `sha256:${id}`, motd };
  };
  return {
    login: (user, password) =>
      place.attempt('buildah', [...global, 'login', PLAIN, '-u', user, '--password-stdin', host], password),
    logout: () => attempt('logout', host),
    create: async (reference, motd) => {
      await writeFile(path.join(place.dir, 'motd'), motd);
      const container = await run('from', 'scratch');
      await run('copy', '--quiet', container, 'motd', '/etc/motd');
      const id = await run('commit', '--quiet', '--rm', container, reference);
      return { config: `sha256:${id}`, motd };
    },
    push: (reference) => attempt('push', PLAIN, reference),
    pull: async (reference) => {
      await run('rmi', '--all', '--force');
      await run('pull', '--quiet', PLAIN, reference);
      return look(reference);
    },
    attemptPull: (reference) => attempt('pull', '--policy', 'always', PLAIN, reference),
    pushElsewhere: (from, to) => run('push', PLAIN, from, `docker://${to}`),
  };
}

function more(stage: () => Stage): void {
  row.it('INDEX', 'pushes a manifest list of two architectures, and pulls from it', async () => {
    const { client, place, hub, at } = stage();
    const run = (...args: string[]) => place.run('buildah', [...buildahInPlace(place), ...args]);
    const held = await client.create(at('alice/parts', 'amd64'), newMotd());
    const other = await client.create(at('alice/parts', 'arm64'), newMotd());
    await run('manifest', 'create', 'list');
    for (const architecture of ['arm64', 'amd64']) {
      const reference = at('alice/parts', architecture);
      expect(await client.push(reference)).toMatchObject({ code: 0 });
      await run('manifest', 'add', PLAIN, '--arch', architecture, 'list', `docker://${reference}`);
    }
    await run('manifest', 'push', '--all', PLAIN, 'list', `docker://${at('alice/many')}`);
    expect(await manifestOf(hub, 'alice/many', '1')).toMatchObject({
      manifests: [{ platform: { architecture: 'arm64' } }, { platform: { architecture: 'amd64' } }],
    });
    expect(other.config).not.toBe(held.config);
    expect(await client.pull(at('alice/many'))).toMatchObject(held);
  });
}

const row = new Row(CLIENTS, 'buildah', installedVersion('buildah'));
const open = async (place: ClientPlace, hub: ClientHub) => ({ client: buildah(place, hub) });
testClient(row, open, { has: [] }, more);
