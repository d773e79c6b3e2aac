import { commandsOf } from '../helpers/document-section';
import { zstdOf } from '../helpers/zstd';
import type { ClientPlace } from './client-process';
import { startDockerd } from './dockerd';
import type { ClientHub } from './hub';
import { pushImage, pushIndex } from './index-image';
import { installedVersion } from './installed-client';
import { layerTar, motdIn, newMotd, type Held } from './layout';
import { CLIENTS, Row } from './matrix';
import { runCommands } from './document-commands';
import { served } from './served';
import { testClient, type Client, type Stage } from './suite';

type Docker = (...args: string[]) => Promise<string>;

/** What the daemon has of an image, which need not run for that. */
async function heldBy(docker: Docker, reference: string): Promise<Held> {
  const format = '{{index .RepoDigests 0}} {{.Id}}';
  const [digest = '', config = ''] = (await docker('image', 'inspect', '--format', format, reference)).split(' ');
  const container = await docker('create', reference, 'nothing');
  const motd = motdIn(await docker('cp', `${container}:/etc/motd`, '-'));
  await docker('rm', container);
  return { digest: digest.slice(digest.indexOf('@') + 1), config, motd };
}

function docker(place: ClientPlace, { host }: ClientHub, socket: string): Client {
  const attempt = (args: readonly string[], input?: string | Buffer) =>
    place.attempt('docker', ['--host', socket, ...args], input);
  const run: Docker = (...args) => place.run('docker', ['--host', socket, ...args]);
  return {
    login: (user, password) => attempt(['login', '-u', user, '--password-stdin', host], password),
    logout: () => attempt(['logout', host]),
    create: async (reference, motd) => {
      const config = await place.run('docker', ['--host', socket, 'import', '-', reference], layerTar(motd));
      return { config, motd };
    },
    push: (reference) => attempt(['push', reference]),
    pull: async (reference) => {
      const ids = (await run('images', '--quiet', '--no-trunc')).split('\n').filter((id) => id !== '');
      if (ids.length > 0) await run('rmi', '--force', ...new Set(ids));
      await run('pull', reference);
      return heldBy(run, reference);
    },
    attemptPull: (reference) => attempt(['pull', reference]),
    pushElsewhere: async (from, to) => {
      await run('tag', from, to);
      const repository = from.slice(from.indexOf('/') + 1, from.lastIndexOf(':'));
      expect(await run('push', to)).toContain(`Mounted from ${repository}`);
    },
  };
}

function more(stage: () => Stage): void {
  row.it('INDEX', 'pulls its architecture from an index', async () => {
    const { client, hub, at } = stage();
    const { index, amd64 } = await pushIndex(hub, 'alice/many');
    expect(await client.pull(at('alice/many'))).toEqual({ ...amd64, digest: index });
  });

  it.each([
    ['an image', pushImage],
    ['an index', async (...of: Parameters<typeof pushImage>) => (await pushIndex(...of)).amd64],
  ])('pulls %s with layers in zstd', async (what, push) => {
    const { client, hub, at } = stage();
    const repository = `alice/zstd-${what.length}`;
    const { config, motd } = await push(hub, repository, zstdOf);
    expect(await client.pull(at(repository))).toMatchObject({ config, motd });
  });

  const readsZstd = Number(row.version.split('.')[0]) >= 23;
  (readsZstd ? () => undefined : it)(
    'changes nothing when it pushes back what it pulled in another format',
    async () => {
      const { client, hub, at } = stage();
      const { digest } = await pushImage(hub, 'alice/back', zstdOf);
      const pulled = await client.pull(at('alice/back'));
      expect(await client.push(at('alice/back'))).toMatchObject({
        code: 0,
        output: expect.stringContaining(`1: digest: ${pulled.digest} size: `),
      });
      expect([pulled.digest === digest, (await served(hub, 'alice/back', '1')).digest]).toEqual([false, digest]);
    },
  );

  it('works as the README says', async () => {
    const { client, place, hub, at } = stage();
    const motd = newMotd();
    await client.create('busybox', motd);
    // The token is there already.
    const [block = ''] = commandsOf('README.md', 'Push with docker or podman of today');
    const printed = await runCommands(place, hub, block.split('\n').slice(2).join('\n'));
    expect(printed).toContain('Login Succeeded');
    const { digest, text } = await served(hub, 'alice/busybox', 'latest');
    expect(text).toContain(motd);
    expect(printed).toContain(`latest: digest: ${digest} size: `);
    expect(printed).toContain(`Status: Image is up to date for ${at('alice/busybox', 'latest')}`);
  });
}

const row = new Row(CLIENTS, 'docker', installedVersion('docker'));
const open = async (place: ClientPlace, hub: ClientHub) => {
  const config = (commandsOf('docs/CLIENTS.md', 'Clients of today on other hosts', 'json')[0] ?? '').replaceAll(
    'hub.example.com:5000',
    hub.host,
  );
  const { socket, close } = await startDockerd(place, config);
  return { client: docker(place, hub, socket), close };
};
testClient(row, open, { has: [] }, more);
