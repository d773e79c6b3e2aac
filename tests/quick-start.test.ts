import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startChildServer, type ChildServer } from './helpers/child-server';
import { commandsOf, outputsOf } from './helpers/document-section';
import { isInstalled } from './helpers/installed';
import { openTerminal, type Terminal } from './helpers/terminal';
import { basic } from './helpers/test-server';
import { newHubState } from './protocol/hub-state';
import { readTrace, type Trace } from './protocol/parse-trace';
import { Replay } from './protocol/replay';
import { retold } from './protocol/retold';

/*
 * The README from top to bottom, as a newcomer runs it: from an empty data directory, in a shell, in the order printed, and with
 * the output that it promises. Recorded sessions of docker 1.5.0 replace its `docker` commands; `tests/clients` runs those of
 * docker today.
 */

const DRYDOCK = path.join(__dirname, '../bin/drydock.js');
const README = 'README.md';

/** Whether lines are those that a document shows: `…` there is any text, so is a password of `Xx`. */
function expectShown(lines: readonly string[], shown: readonly string[]): void {
  const patterns = shown.map((line) => {
    const parts = line.split(/…|(?:Xx)+/).map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
    return new RegExp(`^${parts.join('.*')}$`);
  });
  expect(lines).toEqual(patterns.map((pattern) => expect.stringMatching(pattern) as string));
}

function searchingFor(word: string, trace: Trace): Trace {
  const steps = trace.steps.map((step) => {
    const target = step.request.target.replace('q=mul', `q=${word}`);
    return { ...step, request: { ...step.request, target } };
  });
  return { ...trace, steps };
}

function quickStart(): void {
  let dataDir: string;
  let server: ChildServer;
  let terminal: Terminal;
  const printed: string[] = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'drydock-quick-start-'));
    server = await startChildServer({ DRYDOCK_DATA_DIR: dataDir }, [], (line) => printed.push(line));
    terminal = openTerminal();
    await terminal.run(`npx() { shift; DRYDOCK_DATA_DIR='${dataDir}' '${process.execPath}' '${DRYDOCK}' "$@"; }`);
    await terminal.run('curl() { command curl --silent --show-error "$@"; }');
  });
  afterAll(async () => {
    await terminal.close();
    await server.end('SIGTERM');
    await rm(dataDir, { recursive: true, force: true });
  });

  const here = (text: string): string => text.replaceAll('127.0.0.1:5000', new URL(server.url).host);
  const run = (block: string | undefined): Promise<string[]> => terminal.run(here(block ?? 'exit 1'));

  it('starts with one command, and prints the password and the address', () => {
    expect(commandsOf(README, 'Start')).toEqual(['npm ci && npm start\n']);
    expectShown(printed, outputsOf(README, 'Start')[0]?.map(here) ?? []);
  });

  it('creates an account with curl', async () => {
    expectShown(await run(commandsOf(README, 'Create an account')[0]), outputsOf(README, 'Create an account')[0] ?? []);
  });

  it('is pushed to, pulled from and searched by an old engine', async () => {
    const [block = ''] = commandsOf(README, 'Push with an old engine');
    expect(block.split('\n').filter((line) => !line.startsWith('docker tag'))).toEqual([
      'docker login -u alice -p secret99 -e alice@example.com 127.0.0.1:5000',
      'docker push 127.0.0.1:5000/alice/busybox',
      'docker pull 127.0.0.1:5000/alice/busybox',
      'docker search 127.0.0.1:5000/busy',
      '',
    ]);
    const { host, port } = new URL(server.url);
    const replay = new Replay({ host, port: Number(port) }, newHubState({ alice: 'secret99' }));
    const alice = { authorization: basic('alice', 'secret99'), repository: 'alice/busybox' };
    for (const name of ['01-login-existing.txt', '05-push-2tags.txt', '11-pull-all.txt'])
      await replay.run(retold(readTrace('1.5.0', name), alice));
    await replay.run(searchingFor('busy', readTrace('1.5.0', '20-search.txt')));
    replay.close();
  });

  it('creates a token for the clients of today', async () => {
    const [block = ''] = commandsOf(README, 'Push with docker or podman of today');
    const [line, token] = block.split('\n');
    expectShown(await run(line), ['Created the token laptop of alice. It is shown only once: ddt_…']);
    expect(token).toBe('TOKEN=ddt_…');
  });

  it('creates data to look at, and has pages for it', async () => {
    const heading = 'Look at it in a browser';
    expectShown(await run(commandsOf(README, heading)[0]), outputsOf(README, heading)[0] ?? []);
    const pages = ['http://127.0.0.1:5000/r/demo/hello/', 'http://127.0.0.1:5000/account/login/'].map(here);
    const answers = await Promise.all(pages.map((page) => fetch(page)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await answers[0]?.text()).toContain(here('docker pull 127.0.0.1:5000/demo/hello'));
  });

  it('is administered with curl and on the command line', async () => {
    const [block = ''] = commandsOf(README, 'Administer it');
    const [password, ...rest] = block.split('\n');
    expect(password).toMatch(/^PASSWORD=(?:Xx)+$/);
    await terminal.set('PASSWORD', / password (\S+) /.exec(printed.join('\n'))?.[1] ?? '');
    expectShown(await run(rest.join('\n')), outputsOf(README, 'Administer it')[0] ?? []);
  });
}

// Outside of CI, a machine without curl reports what it does not test.
if (isInstalled('curl', '--version')) describe('the README, in its order,', quickStart);
