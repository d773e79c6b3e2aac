import { isGoProgramInstalled } from '../helpers/installed';
import { versionOf, type ClientPlace } from './client-process';
import type { ClientHub } from './hub';
import { pushIndex } from './index-image';
import { layoutClient } from './layout-client';
import { CLIENTS, Row } from './matrix';
import { statusOf } from './served';
import { testClient, type Client, type Stage } from './suite';

const MODULE = 'github.com/google/go-containerregistry/cmd/crane@v0.20.7';

function crane(place: ClientPlace, { host }: ClientHub): Client {
  const copy = (from: string, to: string) => place.run('crane', ['copy', from, to]);
  return {
    ...layoutClient(place, {
      push: (folder, reference) => place.attempt('crane', ['push', folder, reference]),
      pull: (reference, folder) =>
        place.attempt('crane', ['pull', '--format=oci', '--platform=linux/amd64', reference, folder]),
    }),
    login: (user, password) =>
      place.attempt('crane', ['auth', 'login', '-u', user, '--password-stdin', host], password),
    logout: () => place.attempt('crane', ['auth', 'logout', host]),
    pushElsewhere: copy,
    copy,
    tags: (repository) => place.run('crane', ['ls', repository]),
    remove: (reference) => place.run('crane', ['delete', reference]),
  };
}

function more(stage: () => Stage): void {
  row.it('INDEX', 'copies an index with its images, and pulls one of them', async () => {
    const { place, client, hub, at } = stage();
    const { index, amd64 } = await pushIndex(hub, 'alice/many');
    await place.run('crane', ['copy', at('alice/many'), at('alice/all')]);
    expect(await statusOf(hub, 'alice/all', index)).toBe(200);
    expect(await place.run('crane', ['validate', '--remote', at('alice/all')])).toContain('PASS');
    expect(await client.pull(at('alice/all'))).toEqual(amd64);
  });
}

const row = new Row(CLIENTS, 'crane', isGoProgramInstalled('crane', MODULE) ? versionOf('crane', 'version') : '');
const open = async (place: ClientPlace, hub: ClientHub) => ({ client: crane(place, hub) });
testClient(row, open, { has: ['TAGS', 'COPY', 'DELETE'], checksLogin: false }, more);
