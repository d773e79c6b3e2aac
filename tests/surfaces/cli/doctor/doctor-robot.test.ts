import { Command } from 'commander';
import { addDoctorCommand } from '../../../../src/surfaces/cli/doctor/command';
import type { Report } from '../../../../src/surfaces/cli/doctor/doctor';
import { askApi } from '../../../helpers/api-client';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';
import { failedSteps } from './examination';

/*
 * A robot of an organization, `acme+ci`, has an access token and no password. Engines up to 1.10 log in by trying to
 * register, and no user can register a name with a plus in it.
 */

const as = 'alice';

interface Robot {
  readonly server: TestServer;
  readonly token: string;
}

async function startWithRobot(registrationOpen: boolean): Promise<Robot> {
  const server = await startTestServer({ settings: { registrationOpen } });
  await addUser(server, 'alice');
  const org = '/api/v1.1/orgs/acme';
  const requests = [
    ['post', '/api/v1.1/orgs/', { name: 'acme' }],
    ['put', `${org}/robots/ci/`, undefined],
    ['put', `${org}/teams/builders/`, {}],
    ['put', `${org}/teams/builders/members/acme+ci/`, undefined],
    ['post', '/api/v1.1/repositories/', { namespace: 'acme', name: 'app' }],
    ['put', '/api/v1.1/repositories/acme/app/teams/builders/', { access: 'write' }],
  ] as const;
  for (const [method, path, body] of requests) {
    const { status } = await askApi(server, method, path, { as, ...(body && { body }) });
    expect([path, status < 300 ? 'ok' : status]).toEqual([path, 'ok']);
  }
  const { body } = await askApi(server, 'post', `${org}/robots/ci/tokens/`, {
    as,
    body: { name: 'build', access: 'write' },
  });
  return { server, token: (body as { token: string }).token };
}

async function examineAsRobot({ server, token }: Robot): Promise<Report> {
  const printed: string[] = [];
  const program = new Command().exitOverride();
  addDoctorCommand(program, {
    print: (text) => printed.push(text),
    progress: () => undefined,
    markFailed: () => undefined,
  });
  const words = ['--user', 'acme+ci', '--password', token, '--repository', 'acme/app', '--existing', '--json'];
  await program.parseAsync(['doctor', server.url, ...words], { from: 'user' });
  return JSON.parse(printed.join('\n')) as Report;
}

describe.each([
  { registrationOpen: true, unable: {} },
  // Docker 0.6 cannot read the answer of a closed registration: only its registration fails, never its login.
  { registrationOpen: false, unable: { '0.6': ['register'] } },
])('with registration open: $registrationOpen', ({ registrationOpen, unable }) => {
  let robot: Robot;
  beforeAll(async () => {
    robot = await startWithRobot(registrationOpen);
  });
  afterAll(() => robot.server.close());

  it('a robot logs in, pushes, pulls and searches with every engine', async () => {
    const report = await examineAsRobot(robot);
    expect(failedSteps(report)).toEqual(unable);
    const statusOf = (step: 'login' | 'push' | 'pull' | 'search' | 'delete'): string[] =>
      report.engines.map(({ steps }) => steps[step].status);
    for (const step of ['login', 'push', 'pull', 'search'] as const) {
      expect(statusOf(step)).toEqual(Array.from({ length: 7 }, () => 'ok'));
    }
    expect(statusOf('delete')).toEqual(Array.from({ length: 7 }, () => 'not applicable'));
    const kept = await askApi(robot.server, 'get', '/api/v1.1/repositories/acme/app/', { as });
    expect(kept.status).toBe(200);
  });
});
