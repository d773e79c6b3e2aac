import request from 'supertest';
import { createCommandPlace, failure, type CommandPlace } from '../helpers/command-place';
import { startCommand } from '../helpers/run-command';
import { linkIn, startSmtpServer } from '../helpers/smtp-server';
import { basic } from '../helpers/test-server';

const LISTENS = /^Drydock listens on (http:\/\/127\.0\.0\.1:\d+)$/m;
const LOGGED_LINK = /(http:\/\/127\.0\.0\.1:\d+)(\/account\/confirm\/[\w-]{43})/;
const USER = { username: 'alice', password: 'secret', email: 'alice@example.com' };

let place: CommandPlace;
beforeEach(async () => {
  place = await createCommandPlace();
});
afterEach(() => place.close());

const serve = (environment: Record<string, string>) =>
  startCommand(['serve'], { PORT: '0', ...place.environment, ...environment });

it.each(['1', '2'])(
  'without a mail server, the log of %s processes has the link with the address on which they listen',
  async (workers) => {
    const command = serve({ DRYDOCK_WORKERS: workers });
    try {
      const url = (await command.waitFor(LISTENS))[1] ?? '';
      await request(url).post('/v1/users/').send(USER).expect(201);
      const [, origin, path = ''] = await command.waitFor(LOGGED_LINK);
      expect(origin).toBe(url);
      await request(url)
        .post(path)
        .type('form')
        .send({})
        .expect(200, /Your address is confirmed/);
    } finally {
      command.process.kill('SIGTERM');
      await command.ended;
    }
  },
);

it('any process can send a mail, whose link has the public URL and whose secret is in no log', async () => {
  const smtp = await startSmtpServer();
  const command = serve({
    DRYDOCK_WORKERS: '1',
    LOG_LEVEL: 'trace',
    DRYDOCK_EMAIL_CONFIRMATION: 'required',
    DRYDOCK_SMTP_URL: smtp.settings.url,
    DRYDOCK_MAIL_FROM: smtp.settings.from,
    DRYDOCK_PUBLIC_URL: 'https://hub.example.com',
  });
  try {
    const url = (await command.waitFor(LISTENS))[1] ?? '';
    await request(url).post('/v1/users/').send(USER).expect(201);
    const mail = await smtp.next();
    const link = new URL(linkIn(mail));
    expect(link.origin).toBe('https://hub.example.com');
    await request(url).post(link.pathname).type('form').send({}).expect(200);
    await request(url).get('/v1/users/').set('Authorization', basic('alice', 'secret')).expect(200);
    command.process.kill('SIGTERM');
    const { stdout, stderr } = await command.ended;
    expect(stdout).toContain('/account/confirm/:secret');
    expect(stdout + stderr).not.toContain(link.pathname.split('/').at(-1));
  } finally {
    command.process.kill('SIGKILL');
    await command.ended;
    await smtp.close();
  }
});

it('email confirmation without a mail server is refused at the start', async () => {
  await expect(serve({ DRYDOCK_EMAIL_CONFIRMATION: 'required' }).ended).resolves.toEqual(
    failure(
      'The configuration has an invalid value:\n' +
        '  DRYDOCK_EMAIL_CONFIRMATION: requires DRYDOCK_SMTP_URL, because addresses are confirmed by email',
    ),
  );
});
