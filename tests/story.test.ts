import { createHmac } from 'node:crypto';
import { ENDPOINTS } from '../src/surfaces/api/endpoints';
import { startChildServer, type ChildServer } from './helpers/child-server';
import { commandsOf } from './helpers/document-section';
import { startReceiver, type Received, type Receiver } from './helpers/receiver';
import { createCommandPlace, type CommandPlace } from './helpers/command-place';
import { isInstalled } from './helpers/installed';
import { linkIn, startSmtpServer, type TestSmtpServer } from './helpers/smtp-server';
import { openTerminal, type Terminal } from './helpers/terminal';
import { basic } from './helpers/test-server';
import { newHubState, type HubState } from './protocol/hub-state';
import { readTrace } from './protocol/parse-trace';
import { Replay } from './protocol/replay';
import { retold } from './protocol/retold';

/*
 * The story of docs/SHARING.md, word for word: a shell runs its lines against a server in its own process, mails go through
 * a mail server, and recorded sessions of docker 1.5.0 replace its `docker` commands.
 */

const BLOCKS = commandsOf('docs/SHARING.md', 'A story');
const PUSH = readTrace('1.5.0', '05-push-2tags.txt');
const PULL = readTrace('1.5.0', '10-pull-one-tag.txt');
const PULL_NOTHING = readTrace('1.5.0', '14-pull-missing-repo.txt');

/** The output of a line of `ask`: the status, and the body if it is JSON. */
function answersIn(lines: readonly string[]): { status: number; body: unknown }[] {
  return lines.map((line) => {
    const [, text = '', status = ''] = /^(.*) \((\d{3})\)$/.exec(line) ?? [];
    return { status: Number(status), body: text.startsWith('{') || text.startsWith('"') ? JSON.parse(text) : text };
  });
}

function tellStory(): void {
  let place: CommandPlace;
  let smtp: TestSmtpServer;
  let ci: Receiver;
  let server: ChildServer;
  let terminal: Terminal;
  let told = 0;
  let token: string;
  let secret: string;

  beforeAll(async () => {
    [place, smtp, ci] = await Promise.all([createCommandPlace(), startSmtpServer(), startReceiver()]);
    server = await startChildServer({
      ...place.environment,
      DRYDOCK_ADMIN_USERNAME: 'admin',
      DRYDOCK_ADMIN_PASSWORD: 'secret00',
      DRYDOCK_EMAIL_CONFIRMATION: 'required',
      DRYDOCK_SMTP_URL: smtp.settings.url,
      DRYDOCK_MAIL_FROM: smtp.settings.from,
      DRYDOCK_WEBHOOK_ALLOW: '127.0.0.1',
    });
    terminal = openTerminal();
    await terminal.set('HUB', server.url);
    await terminal.set('CI', ci.url);
    await terminal.set('PASSWORD', 'secret00');
  });

  afterAll(async () => {
    await terminal.close();
    await server.end('SIGTERM');
    await Promise.all([place.close(), smtp.close(), ci.close()]);
  });

  /** Runs the next block; resolves to the answers. */
  const goOn = async (): Promise<{ status: number; body: unknown }[]> => {
    return answersIn(await terminal.run(BLOCKS[told++] ?? 'exit 1'));
  };
  const statuses = async (): Promise<number[]> => (await goOn()).map(({ status }) => status);

  const engine = (state: HubState): Replay => {
    const { host, port } = new URL(server.url);
    return new Replay({ host, port: Number(port) }, state);
  };

  /** Replays what docker 1.5.0 did for the commands of the next block. */
  const docker = async (commands: readonly string[], state: HubState, repository: string): Promise<void> => {
    expect(BLOCKS[told++]?.trimEnd().split('\n')).toEqual(commands);
    const replay = engine(state);
    for (const command of commands) {
      const trace = command.startsWith('docker push') ? PUSH : PULL;
      const whose = { authorization: basic('bobby', token), repository };
      if (!command.startsWith('docker login')) await replay.run(retold(trace, whose));
    }
    replay.close();
  };

  /** Waits for a request to a URL of the receiver. */
  const sentTo = async (path: string): Promise<Received> => {
    for (;;) {
      const request = ci.received.find((received) => received.path === path);
      if (request !== undefined) return request;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  const hub = newHubState({});

  it('an administrator creates library/base, and accounts', async () => {
    expect(await goOn()).toEqual([]); // definitions only
    expect(await goOn()).toMatchObject([
      { status: 201, body: { namespace: 'library', name: 'base', is_official: true, is_private: false } },
      { status: 201, body: { username: 'bobby', is_active: true } },
      { status: 201, body: { username: 'carol', is_active: true } },
    ]);
  });

  it('a user registers, and logs in after confirming the address', async () => {
    const mail = smtp.next().then(async (arrived) => {
      expect(arrived.recipients).toEqual(['alice@example.com']);
      return linkIn(arrived);
    });
    const [register = '', tooEarly = '', ...rest] = (BLOCKS[told++] ?? '').trimEnd().split('\n');
    expect(answersIn(await terminal.run(register))).toEqual([{ status: 201, body: 'User created' }]);
    expect(answersIn(await terminal.run(tooEarly))).toMatchObject([{ status: 403 }]);
    await terminal.set('LINK', await mail);
    const [confirm = '', login = ''] = rest;
    expect((await terminal.run(confirm)).join('\n')).toMatch(/You can log in as alice\..* \(200\)$/s);
    expect(answersIn(await terminal.run(login))).toEqual([{ status: 200, body: 'OK' }]);
  });

  it('she creates a private repository with a collaborator; a second private one is one too many', async () => {
    expect(await goOn()).toMatchObject([
      { status: 201, body: { namespace: 'alice', name: 'app', is_private: true } },
      { status: 201 },
      { status: 403, body: { detail: 'The plan free of alice allows 1 private repository; 1 is in use' } },
    ]);
  });

  it('she creates an organization with two teams', async () => {
    expect(await statuses()).toEqual([201, 201, 201, 200, 201, 200]);
  });

  it('she has her CI notified of pushes', async () => {
    const [hook] = await goOn();
    expect(hook).toMatchObject({ status: 201, body: { name: 'ci', urls: [`${ci.url}/build`, `${ci.url}/deploy`] } });
    secret = (hook?.body as { secret: string }).secret;
  });

  it('the collaborator pushes and pulls with docker 1.5.0 and an access token', async () => {
    const [made] = await goOn();
    expect(made).toMatchObject({ status: 201, body: { name: 'old host', access: 'write' } });
    token = (made?.body as { token: string }).token;
    await terminal.set('TOKEN', token);
    const commands = [
      'docker login -u bobby -p $TOKEN -e bobby@example.com 127.0.0.1:5000',
      'docker push 127.0.0.1:5000/alice/app',
      'docker pull 127.0.0.1:5000/alice/app:one',
    ];
    await docker(commands, hub, 'alice/app');
  });

  it('the first URL of the webhook is notified, and the second after the first has called back', async () => {
    const build = await sentTo('/build');
    const signature = `sha256=${createHmac('sha256', secret).update(build.body).digest('hex')}`;
    expect(build.headers['x-drydock-signature']).toBe(signature);
    const payload = JSON.parse(build.body) as { callback_url: string };
    expect(payload).toMatchObject({ push_data: { pusher: 'bobby' }, repository: { repo_name: 'alice/app' } });
    // Each of the two tags is announced.
    expect(new Set(ci.received.map(({ path }) => path))).toEqual(new Set(['/build']));
    await terminal.set('CALLBACK', payload.callback_url);
    expect(await statuses()).toEqual([200]);
    const deploy = await sentTo('/deploy');
    expect(JSON.parse(deploy.body)).toMatchObject({ push_data: { pusher: 'bobby' } });
  });

  it('a third user finds nothing, by curl and by docker', async () => {
    expect(await statuses()).toEqual([404, 404]);
    const replay = engine(newHubState({ carol: 'secret22' }));
    await replay.run(retold(PULL_NOTHING, { authorization: basic('carol', 'secret22'), repository: 'alice/app' }));
    replay.close();
  });

  it('she renames it, and the old name can be pulled as before', async () => {
    expect(await goOn()).toMatchObject([{ status: 200, body: { namespace: 'alice', name: 'shop' } }]);
    await docker(['docker pull 127.0.0.1:5000/alice/app:one'], hub, 'alice/app');
  });

  it('she makes its tags immutable, and nobody moves one', async () => {
    const [changed, refused] = await goOn();
    expect(changed).toMatchObject({ status: 200, body: { immutable_tags: ['*'] } });
    const sentence = 'The tag one is immutable: it cannot be moved or deleted';
    expect(refused).toEqual({ status: 409, body: { error: sentence } });
    const [one] = answersIn(await terminal.run('ask --user bobby:$TOKEN $HUB/v1/repositories/alice/shop/tags/one'));
    expect(one).toEqual({ status: 200, body: hub.repositories.get('alice/app')?.tags.get('one') });
  });

  it('runs to its end', () => {
    expect(told).toBe(BLOCKS.length);
  });
}

it('uses only paths that the API has', () => {
  const paths = [...BLOCKS.join('').matchAll(/\$HUB(\/api\/\S+)/g)].map(([, path = '']) => path);
  const templates = ENDPOINTS.map(({ path }) => new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`));
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !templates.some((template) => template.test(path)))).toEqual([]);
});

// Outside of CI, a machine without curl reports what it does not test.
if (isInstalled('curl', '--version')) describe('the story of docs/SHARING.md', tellStory);
