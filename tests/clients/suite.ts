import { describeInstalled } from '../helpers/installed';
import { passwordOf } from '../helpers/test-server';
import { createClientPlace, type ClientPlace, type Ended } from './client-process';
import { ask, startClientHub, type ClientHub } from './hub';
import { newMotd, type Held } from './layout';
import type { Column, Row } from './matrix';
import { blobsReceived, served, statusOf } from './served';

/* The tests that every client passes; the file of a client says by which commands. References are `host/repository:tag`. */

/** The commands of a client in a place, with a hub. */
export interface Client {
  /** Replaces the credentials. */
  login(user: string, password: string): Promise<Ended>;
  logout(): Promise<unknown>;
  /** Creates an image of one file on this side. */
  create(reference: string, motd: string): Promise<Held>;
  push(reference: string): Promise<Ended>;
  /** Forgets the image, pulls it, and looks into it. */
  pull(reference: string): Promise<Held>;
  /** Pulls, and says no more than how it ended. */
  attemptPull(reference: string): Promise<Ended>;
  /** Pushes an image that was pushed before to another repository. */
  pushElsewhere(from: string, to: string): Promise<unknown>;
  tags?(repository: string): Promise<string>;
  /** Copies from registry to registry. */
  copy?(from: string, to: string): Promise<unknown>;
  remove?(reference: string): Promise<unknown>;
}

/** What the tests of one file share. */
export interface Stage {
  readonly hub: ClientHub;
  readonly place: ClientPlace;
  readonly client: Client;
  /** the reference of a repository and tag, or of a repository and digest */
  at(repository: string, tag?: string): string;
}

/**
 * Declares the tests of a client, if it is installed: its row has a version.
 *
 * @param open - starts what the client needs; its result ends it
 * @param has - columns of the registry that the client has commands for; not every client checks a password at its login
 * @param more - tests that only this client has
 */
export function testClient(
  row: Row,
  open: (place: ClientPlace, hub: ClientHub) => Promise<{ client: Client; close?: () => Promise<void> }>,
  { has, checksLogin = true }: { has: readonly Column[]; checksLogin?: boolean },
  more: (stage: () => Stage) => void,
): void {
  describeInstalled(row.version !== '', `${row.client} ${row.version}`, () => {
    let stage: Stage & { close(): Promise<void> };

    beforeAll(async () => {
      const [hub, place] = await Promise.all([startClientHub(), createClientPlace()]);
      const { client, close } = await open(place, hub);
      const at = (repository: string, tag = '1'): string =>
        `${hub.host}/${repository}${tag.startsWith('sha256:') ? '@' : ':'}${tag}`;
      stage = {
        hub,
        place,
        client,
        at,
        close: async () => {
          await close?.();
          await Promise.all([hub.close(), place.close()]);
        },
      };
    });
    afterAll(() => stage.close());

    testCredentials(row, () => stage, checksLogin);
    testImages(row, () => stage);
    testRegistry(row, () => stage, has);
    more(() => stage);

    row.itIsInDocument();
  });
}

function testCredentials(row: Row, stage: () => Stage, checksLogin: boolean): void {
  const pushes = async (repository: string): Promise<void> => {
    const { client, hub, at } = stage();
    const motd = newMotd();
    const { config } = await client.create(at(repository), motd);
    expect(await client.push(at(repository))).toMatchObject({ code: 0 });
    const there = await served(hub, repository, '1');
    expect(there.config).toBe(config);
    expect(there.text).toContain(motd);
  };

  row.it('REFUSED', 'refuses a wrong password', async () => {
    const { client, at } = stage();
    const login = await client.login('alice', 'wrong');
    const { code, output } = checksLogin ? login : await client.attemptPull(at('acme/app'));
    expect(code).not.toBe(0);
    expect(output).toMatch(/unauthorized|invalid username/i);
    await client.logout();
  });

  row.it('ROBOT', 'pushes with the token of a robot', async () => {
    const { client, hub } = stage();
    expect(await client.login('acme+ci', hub.robotToken)).toMatchObject({ code: 0 });
    await pushes('acme/app');
  });

  row.it('TOKEN', 'pushes with an access token', async () => {
    const { client, hub } = stage();
    expect(await client.login('alice', hub.accessToken)).toMatchObject({ code: 0 });
    await pushes('alice/by-token');
  });

  row.it('LOGIN', 'pushes with a password', async () => {
    const { client } = stage();
    expect(await client.login('alice', passwordOf('alice'))).toMatchObject({ code: 0 });
    await pushes('alice/by-password');
  });

  row.it('PRIVATE', 'pulls from a private repository only with the login of a user who may', async () => {
    const { client, hub, at } = stage();
    await ask(hub.url, 'POST', '/api/v1.1/repositories/', {
      namespace: 'alice',
      name: 'secret',
      visibility: 'private',
    });
    const held = await client.create(at('alice/secret'), newMotd());
    expect(await client.push(at('alice/secret'))).toMatchObject({ code: 0 });
    await client.logout();
    const anonymous = await client.attemptPull(at('alice/secret'));
    await client.login('bob', passwordOf('bob'));
    const other = await client.attemptPull(at('alice/secret'));
    await client.login('alice', passwordOf('alice'));
    expect([anonymous.code, other.code]).not.toContain(0);
    expect(await client.pull(at('alice/secret'))).toMatchObject(held);
  });
}

function testImages(row: Row, stage: () => Stage): void {
  let held: Held;

  row.it('PUSH', 'pushes a new image', async () => {
    const { client, hub, at } = stage();
    held = await client.create(at('alice/app'), newMotd());
    const before = await blobsReceived(hub);
    expect(await client.push(at('alice/app'))).toMatchObject({ code: 0 });
    const there = await served(hub, 'alice/app', '1');
    expect(there).toMatchObject({ ...(held.digest === undefined ? {} : { digest: held.digest }), config: held.config });
    expect(there.text).toContain(held.motd);
    const { uploaded, mounted } = await blobsReceived(hub);
    expect({ uploaded: uploaded - before.uploaded, mounted }).toEqual({ uploaded: 2, mounted: 0 });
  });

  row.it('AGAIN', 'pushes it again without uploading a blob', async () => {
    const { client, hub, at } = stage();
    const before = await blobsReceived(hub);
    expect(await client.push(at('alice/app'))).toMatchObject({ code: 0 });
    expect(await blobsReceived(hub)).toEqual(before);
  });

  row.it('MOUNT', 'pushes it to another repository without uploading the layer', async () => {
    const { client, hub, at } = stage();
    const before = await blobsReceived(hub);
    await client.pushElsewhere(at('alice/app'), at('alice/mounted'));
    const { uploaded, mounted } = await blobsReceived(hub);
    expect(mounted - before.mounted).toBeGreaterThan(0);
    expect(uploaded - before.uploaded).toBeLessThan(2); // at most the config
    const [original, copy] = [await served(hub, 'alice/app', '1'), await served(hub, 'alice/mounted', '1')];
    expect(copy).toEqual(original);
  });

  row.it('PULL', 'pulls it by tag', async () => {
    const { client, hub, at } = stage();
    const { digest } = await served(hub, 'alice/app', '1');
    expect(await client.pull(at('alice/app'))).toEqual({ digest, config: held.config, motd: held.motd });
  });

  row.it('DIGEST', 'pulls it by digest, as anonymous client too', async () => {
    const { client, hub, at } = stage();
    const { digest } = await served(hub, 'alice/app', '1');
    await client.logout();
    expect(await client.pull(at('alice/app', digest))).toEqual({ digest, config: held.config, motd: held.motd });
    await client.login('alice', passwordOf('alice'));
  });
}

function testRegistry(row: Row, stage: () => Stage, has: readonly Column[]): void {
  if (has.includes('COPY')) {
    row.it('COPY', 'copies it to another tag', async () => {
      const { client, hub, at } = stage();
      await client.copy?.(at('alice/app'), at('alice/app', 'copied'));
      expect(await served(hub, 'alice/app', 'copied')).toEqual(await served(hub, 'alice/app', '1'));
    });
  }
  if (has.includes('TAGS')) {
    row.it('TAGS', 'lists the tags', async () => {
      const { client, hub, at } = stage();
      for (const tag of ['edge', 'stable']) {
        await client.create(at('alice/listed', tag), newMotd());
        expect(await client.push(at('alice/listed', tag))).toMatchObject({ code: 0 });
      }
      expect((await client.tags?.(`${hub.host}/alice/listed`))?.match(/\b(?:edge|stable)\b/g)).toEqual([
        'edge',
        'stable',
      ]);
    });
  }
  if (has.includes('DELETE')) {
    row.it('DELETE', 'deletes an image', async () => {
      const { client, hub, at } = stage();
      expect(await statusOf(hub, 'alice/mounted', '1')).toBe(200);
      await client.remove?.(at('alice/mounted'));
      expect(await statusOf(hub, 'alice/mounted', '1')).toBe(404);
      expect(await statusOf(hub, 'alice/app', '1')).toBe(200);
    });
  }
}
