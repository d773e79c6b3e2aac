import type { ClientPlace } from './client-process';
import type { ClientHub } from './hub';
import { PLAIN, SKOPEO_COPY } from './in-place';
import { pushIndex } from './index-image';
import { installedVersion } from './installed-client';
import { layoutClient } from './layout-client';
import { CLIENTS, Row } from './matrix';
import { statusOf } from './served';
import { testClient, type Client, type Stage } from './suite';

function skopeo(place: ClientPlace, { host }: ClientHub): Client {
  const copy = (...args: string[]) => place.attempt('skopeo', [...SKOPEO_COPY, ...args]);
  const between = (from: string, to: string) =>
    place.run('skopeo', [...SKOPEO_COPY, `docker://${from}`, `docker://${to}`]);
  return {
    ...layoutClient(place, {
      push: (folder, reference) => copy(`oci:${folder}:1`, `docker://${reference}`),
      pull: (reference, folder) => copy(`docker://${reference}`, `oci:${folder}:1`),
    }),
    login: (user, password) =>
      place.attempt('skopeo', ['login', PLAIN, '-u', user, '--password-stdin', host], password),
    logout: () => place.attempt('skopeo', ['logout', host]),
    pushElsewhere: between,
    copy: between,
    tags: (repository) => place.run('skopeo', ['list-tags', PLAIN, `docker://${repository}`]),
    remove: (reference) => place.run('skopeo', ['delete', PLAIN, `docker://${reference}`]),
  };
}

function more(stage: () => Stage): void {
  row.it('INDEX', 'copies an index with its images, and pulls one of them', async () => {
    const { place, client, hub, at } = stage();
    const { index, amd64 } = await pushIndex(hub, 'alice/many');
    await place.run('skopeo', [...SKOPEO_COPY, '--all', `docker://${at('alice/many')}`, `docker://${at('alice/all')}`]);
    expect(await statusOf(hub, 'alice/all', index)).toBe(200);
    expect(await client.pull(at('alice/all'))).toEqual(amd64);
  });
}

const row = new Row(CLIENTS, 'skopeo', installedVersion('skopeo'));
const open = async (place: ClientPlace, hub: ClientHub) => ({ client: skopeo(place, hub) });
testClient(row, open, { has: ['TAGS', 'COPY', 'DELETE'] }, more);
