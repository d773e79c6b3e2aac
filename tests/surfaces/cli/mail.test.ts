import { runInProcess } from '../../helpers/command-in-process';
import { createCommandPlace, failure, success, type CommandPlace } from '../../helpers/command-place';
import { linkIn, startSmtpServer, type TestSmtpServer } from '../../helpers/smtp-server';

let place: CommandPlace;
let smtp: TestSmtpServer;
beforeAll(async () => {
  [place, smtp] = await Promise.all([createCommandPlace(), startSmtpServer({ password: 'pa:ss' })]);
});
afterAll(() => Promise.all([place.close(), smtp.close()]));

const mailTest = (address: string, environment: Record<string, string>) =>
  runInProcess(['mail', 'test', address], { ...place.environment, ...environment });

const configured = (url = smtp.settings.url) => ({ DRYDOCK_SMTP_URL: url, DRYDOCK_MAIL_FROM: smtp.settings.from });

it('sends a mail, and reports that the server accepted it', async () => {
  const environment = { ...configured(), DRYDOCK_PUBLIC_URL: 'https://hub.example.com' };
  await expect(mailTest('alice@example.com', environment)).resolves.toEqual(
    success('The mail server accepted an email to alice@example.com.\n'),
  );
  expect(smtp.mails).toMatchObject([
    { recipients: ['alice@example.com'], parsed: { subject: 'Test message from hub.example.com' } },
  ]);
  expect(linkIn(smtp.mails[0]!)).toBe('https://hub.example.com/');
});

it('reports that there is no mail server', async () => {
  await expect(mailTest('alice@example.com', {})).resolves.toEqual(
    failure('No mail server is configured: set DRYDOCK_SMTP_URL and DRYDOCK_MAIL_FROM'),
  );
});

it('reports what is wrong with the address', async () => {
  await expect(mailTest('alice', configured())).resolves.toEqual(failure('Wrong email format'));
});

it.each([
  ['nobody listens', () => 'smtp://127.0.0.1:1', /^error: The email was not sent: .*ECONNREFUSED.*\n$/],
  ['no host has this name', () => 'smtp://mail.invalid:25', /^error: The email was not sent: .*mail\.invalid.*\n$/],
  [
    'the password is wrong',
    () => `smtp://drydock:wrong@127.0.0.1:${smtp.port}`,
    /^error: The email was not sent: Invalid login: 535 Wrong name or password\n$/,
  ],
])('reports it if %s', async (_, url, said) => {
  const { code, stdout, stderr } = await mailTest('alice@example.com', configured(url()));
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(said);
});
