import { describeInstalled, isGoProgramInstalled, isInstalled } from '../helpers/installed';
import { passwordOf } from '../helpers/test-server';
import { createClientPlace, type ClientPlace } from './client-process';
import { startClientHub, type ClientHub } from './hub';
import { createLayout, newMotd } from './layout';
import { served } from './served';

const CRANE = 'github.com/google/go-containerregistry/cmd/crane@v0.20.7';
const ROUNDS = 5;

function describeTogether(): void {
  let hub: ClientHub;
  let place: ClientPlace;

  beforeAll(async () => {
    [hub, place] = await Promise.all([startClientHub(), createClientPlace()]);
    const login = ['-u', 'alice', '--password-stdin', hub.host];
    await place.run('crane', ['auth', 'login', ...login], passwordOf('alice'));
    await place.run('skopeo', ['login', '--tls-verify=false', ...login], passwordOf('alice'));
  });
  afterAll(() => Promise.all([hub.close(), place.close()]));

  const skopeo = (folder: string, reference: string) =>
    place.run('skopeo', ['copy', '--dest-tls-verify=false', `oci:${folder}:1`, `docker://${reference}`]);
  const crane = (folder: string, reference: string) => place.run('crane', ['push', folder, reference]);

  it('push one tag at the same time: it has one of the images whole, and the other stays under its digest', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const repository = `alice/round${round}`; // both create it
      const [one, two] = await Promise.all(
        ['one', 'two'].map((name) => createLayout(`${place.dir}/${round}-${name}`, newMotd())),
      );
      const reference = `${hub.host}/${repository}:1`;
      await Promise.all([skopeo(`${round}-one`, reference), crane(`${round}-two`, reference)]);
      const { digest, text } = await served(hub, repository, '1');
      const winner = digest === one?.digest ? one : two;
      expect(winner?.digest).toBe(digest);
      expect(text).toContain(winner?.motd);
      for (const held of [one, two]) {
        expect((await served(hub, repository, held?.digest ?? '')).text).toContain(held?.motd);
      }
    }
  });

  it('push the same new image to one repository at the same time', async () => {
    const { digest = '', motd } = await createLayout(`${place.dir}/same`, newMotd());
    const at = (tag: string): string => `${hub.host}/alice/same:${tag}`;
    await Promise.all([
      skopeo('same', at('a')),
      crane('same', at('b')),
      skopeo('same', at('c')),
      crane('same', at('d')),
    ]);
    for (const tag of ['a', 'b', 'c', 'd']) {
      const there = await served(hub, 'alice/same', tag);
      expect(there.digest).toBe(digest);
      expect(there.text).toContain(motd);
    }
  });
}

const areInstalled = [isInstalled('skopeo', '--version'), isGoProgramInstalled('crane', CRANE)];
describeInstalled(!areInstalled.includes(false), 'skopeo and crane', describeTogether);
