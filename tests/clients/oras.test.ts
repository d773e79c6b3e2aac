import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isGoProgramInstalled } from '../helpers/installed';
import { versionOf, type ClientPlace } from './client-process';
import type { ClientHub } from './hub';
import { pushIndex } from './index-image';
import { layoutClient } from './layout-client';
import { CLIENTS, Row } from './matrix';
import { statusOf } from './served';
import { testClient, type Client, type Stage } from './suite';

const MODULE = 'oras.land/oras/cmd/oras@v1.3.0';
const PLAIN = '--plain-http';
const COPY = ['cp', '--from-plain-http', '--to-plain-http'];

function oras(place: ClientPlace, { host }: ClientHub): Client {
  const copy = (from: string, to: string) => place.run('oras', [...COPY, from, to]);
  const platform = ['--platform', 'linux/amd64'];
  return {
    ...layoutClient(place, {
      push: (folder, reference) =>
        place.attempt('oras', ['cp', '--to-plain-http', '--from-oci-layout', `${folder}:1`, reference]),
      pull: (reference, folder) =>
        place.attempt('oras', ['cp', ...platform, '--from-plain-http', '--to-oci-layout', reference, `${folder}:1`]),
    }),
    login: (user, password) => place.attempt('oras', ['login', PLAIN, '-u', user, '--password-stdin', host], password),
    logout: () => place.attempt('oras', ['logout', host]),
    pushElsewhere: copy,
    copy,
    tags: (repository) => place.run('oras', ['repo', 'tags', PLAIN, repository]),
    remove: (reference) => place.run('oras', ['manifest', 'delete', '-f', PLAIN, reference]),
  };
}

/** Writes a file into the folder of the client. */
async function write({ dir }: ClientPlace, name: string, text: string): Promise<string> {
  await writeFile(path.join(dir, name), text);
  return `${name}:text/plain`;
}

interface Referrer {
  readonly artifactType: string;
  readonly digest: string;
}

function more(stage: () => Stage): void {
  row.it('INDEX', 'copies an index with its images, and pulls one of them', async () => {
    const { place, client, hub, at } = stage();
    const { index, amd64 } = await pushIndex(hub, 'alice/many');
    await place.run('oras', [...COPY, at('alice/many'), at('alice/all')]);
    expect(await statusOf(hub, 'alice/all', index)).toBe(200);
    expect(await client.pull(at('alice/all'))).toEqual(amd64);
  });

  row.it('ARTIFACT', 'pushes an artifact, attaches another to it, and finds and pulls both', async () => {
    const { place, at } = stage();
    const run = (...args: string[]) => place.run('oras', args);
    const type = (name: string): string[] => ['--artifact-type', `application/vnd.example.${name}`];
    const chart = await write(place, 'chart.txt', 'rocks to the north');
    await run('push', PLAIN, ...type('chart'), at('alice/chart'), chart);
    await run('attach', PLAIN, ...type('survey'), at('alice/chart'), await write(place, 'survey.txt', 'checked'));
    await run('attach', PLAIN, ...type('note'), at('alice/chart'), await write(place, 'note.txt', 'faded'));

    const discover = async (...filter: string[]): Promise<Referrer[]> => {
      const printed = await run('discover', PLAIN, '--format', 'json', ...filter, at('alice/chart'));
      return (JSON.parse(printed) as { referrers: Referrer[] }).referrers;
    };
    expect((await discover()).map(({ artifactType }) => artifactType).sort()).toEqual([
      'application/vnd.example.note',
      'application/vnd.example.survey',
    ]);
    const [survey, ...others] = await discover(...type('survey'));
    expect(others).toEqual([]);

    await run('pull', PLAIN, '-o', 'got', at('alice/chart'));
    await run('pull', PLAIN, '-o', 'got', at('alice/chart', survey?.digest ?? ''));
    const got = (name: string): Promise<string> => readFile(path.join(place.dir, 'got', name), 'utf8');
    expect([await got('chart.txt'), await got('survey.txt')]).toEqual(['rocks to the north', 'checked']);
  });

  row.it('ARTIFACT', 'copies an artifact with everything that is attached to it', async () => {
    const { place, at } = stage();
    await place.run('oras', [...COPY, '--recursive', at('alice/chart'), at('alice/atlas')]);
    const printed = await place.run('oras', ['discover', PLAIN, '--format', 'json', at('alice/atlas')]);
    expect((JSON.parse(printed) as { referrers: Referrer[] }).referrers).toHaveLength(2);
  });
}

const row = new Row(CLIENTS, 'oras', isGoProgramInstalled('oras', MODULE) ? versionOf('oras', 'version') : '');
const open = async (place: ClientPlace, hub: ClientHub) => ({ client: oras(place, hub) });
testClient(row, open, { has: ['TAGS', 'COPY', 'DELETE'] }, more);
