import { createCommandPlace, failure, success, type CommandPlace } from '../../helpers/command-place';

let place: CommandPlace;
beforeAll(async () => {
  place = await createCommandPlace();
});
afterAll(() => place.close());

interface Listed {
  readonly clientId: string;
  readonly name: string;
  readonly redirectUris: readonly string[];
}

async function listed(): Promise<Listed[]> {
  const { stdout } = await place.run('oauth-client', 'list', '--json');
  return JSON.parse(stdout) as Listed[];
}

describe('drydock oauth-client', () => {
  it('creates, lists and deletes clients', async () => {
    const uris = ['https://app.example.com/back', 'com.example.app:/back'];
    const { code, stdout } = await place.run('oauth-client', 'add', 'The app', '--redirect-uri', ...uris);
    const [, id] =
      /^Created The app with the id ([0-9a-f]{20}) and the secret [\w-]{43} \(shown only once\)\.\n$/.exec(stdout) ??
      [];
    expect([code, id]).toEqual([0, expect.any(String)]);
    expect(await listed()).toEqual([
      { clientId: id, name: 'The app', redirectUris: uris, createdAt: expect.any(String) },
    ]);
    const table = await place.run('oauth-client', 'list');
    expect(table.stdout).toContain(`${id}  The app  ${uris.join(' ')}`);
    expect(await place.run('oauth-client', 'delete', id!, '--yes')).toEqual(success('Deleted The app.\n'));
    expect(await listed()).toEqual([]);
    const { stdout: events } = await place.run('audit', '--json', '--action', 'oauth');
    expect(
      (JSON.parse(events) as { action: string; actor: string }[]).map(({ action, actor }) => [action, actor]),
    ).toEqual([
      ['oauth.client_deleted', 'operator'],
      ['oauth.client_created', 'operator'],
    ]);
  });

  it('prints id and secret as JSON for a program', async () => {
    const { stdout } = await place.run(
      'oauth-client',
      'add',
      'Other',
      '--redirect-uri',
      'https://b.example.com/',
      '--json',
    );
    expect(JSON.parse(stdout)).toEqual({
      clientId: expect.stringMatching(/^[0-9a-f]{20}$/),
      clientSecret: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('reports what is wrong', async () => {
    expect(await place.run('oauth-client', 'delete', 'nothing', '--yes')).toEqual(failure('No such client: nothing'));
    expect(await place.run('oauth-client', 'add', 'X', '--redirect-uri', 'javascript:alert(1)')).toEqual(
      failure('Invalid redirect URI: javascript:alert(1)'),
    );
    expect(await place.run('oauth-client', 'add', 'X')).toMatchObject({ code: 2 });
  });
});
