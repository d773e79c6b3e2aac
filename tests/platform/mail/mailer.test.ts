import { createMailer } from '../../../src/platform/mail/mailer';
import { createLogger } from '../../../src/platform/log/logger';
import { recordingLogger } from '../../helpers/log-lines';
import { startSmtpServer, type TestSmtpServer } from '../../helpers/smtp-server';

const silent = createLogger('silent');
const MAIL = {
  to: 'alice@example.com',
  subject: 'Ahoi',
  paragraphs: ['Hello,', { url: 'https://hub.test/a?b=1&c=2' }],
};

let smtp: TestSmtpServer;
beforeEach(async () => {
  smtp = await startSmtpServer();
});
afterEach(() => smtp.close());

async function send(mail: Partial<typeof MAIL>): Promise<(typeof smtp.mails)[number]> {
  const mailer = createMailer(smtp.settings, silent);
  try {
    await mailer.send({ ...MAIL, ...mail });
  } finally {
    mailer.close();
  }
  expect(smtp.mails).toHaveLength(1);
  return smtp.mails[0]!;
}

it('a mail has text and HTML, names its sender, and is marked as automatic', async () => {
  const { parsed, recipients } = await send({});
  expect(recipients).toEqual(['alice@example.com']);
  expect(parsed).toMatchObject({ subject: 'Ahoi', from: { text: '"Drydock" <drydock@example.com>' } });
  expect(parsed.headers.get('auto-submitted')).toBe('auto-generated');
  expect(parsed.text).toBe('Hello,\n\nhttps://hub.test/a?b=1&c=2\n');
  expect(parsed.html).toContain('<a href="https://hub.test/a?b=1&amp;c=2">https://hub.test/a?b=1&amp;c=2</a>');
});

it('a paragraph of a mail is shown as text, even if it looks like HTML', async () => {
  const { parsed } = await send({ paragraphs: [`<img src=x onerror="alert('1')"> &amp;`] });
  expect(parsed.text).toBe(`<img src=x onerror="alert('1')"> &amp;\n`);
  expect(parsed.html).toContain('<p>&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp;amp;</p>');
});

it.each([
  ['Ahoi\r\nBcc: mallory@example.com', 'Ahoi Bcc: mallory@example.com'],
  ['Ahoi\n\nnot a body', 'Ahoi not a body'],
  ['Ahoi\u0085\u2028Bcc: mallory@example.com', 'Ahoi Bcc: mallory@example.com'],
  ['Käpt’n 🚢', 'Käpt’n 🚢'],
])('the subject %j of a mail remains one header', async (subject, shown) => {
  const { parsed, recipients } = await send({ subject });
  expect(recipients).toEqual(['alice@example.com']);
  expect(parsed.subject).toBe(shown);
  expect(parsed.bcc).toBeUndefined();
  expect(parsed.text).toContain('Hello,');
});

it.each([
  'alice@example.com, mallory@example.com',
  'alice@example.com\r\nBcc: mallory@example.com',
  'mallory@example.com <alice@example.com>',
])('the address %j never becomes two recipients', async (to) => {
  const mailer = createMailer(smtp.settings, silent);
  await mailer.send({ ...MAIL, to }).catch(() => undefined);
  mailer.close();
  for (const { recipients, parsed } of smtp.mails) {
    expect(recipients.length).toBeLessThanOrEqual(1);
    expect(recipients).not.toContain('mallory@example.com');
    expect(parsed.bcc).toBeUndefined();
  }
});

it('the mailer logs in to the mail server if it has a name and a password', async () => {
  const strict = await startSmtpServer({ password: 'p@ss/word' });
  const mailers = [strict.settings, { ...strict.settings, url: `smtp://drydock:wrong@127.0.0.1:${strict.port}` }].map(
    (settings) => createMailer(settings, silent),
  );
  await mailers[0]!.send(MAIL);
  await expect(mailers[1]!.send(MAIL)).rejects.toThrow(/Wrong name or password/);
  expect(strict.mails).toHaveLength(1);
  mailers.forEach((mailer) => mailer.close());
  await strict.close();
});

it('the mailer reports what the mail server said, and that it cannot be reached', async () => {
  smtp.refuseWith('No such mailbox here');
  const mailer = createMailer(smtp.settings, silent);
  await expect(mailer.send(MAIL)).rejects.toThrow(/550 No such mailbox here/);
  smtp.refuseWith(undefined);
  await mailer.send(MAIL);
  expect(smtp.mails).toHaveLength(1);
  mailer.close();
  const nowhere = createMailer({ ...smtp.settings, url: 'smtp://127.0.0.1:1' }, silent);
  await expect(nowhere.send(MAIL)).rejects.toThrow(/ECONNREFUSED/);
  nowhere.close();
});

it('without a mail server, the text of a mail is in the log, with the link', async () => {
  const { log, lines } = recordingLogger('info');
  const mailer = createMailer(undefined, log);
  expect(mailer.isConfigured).toBe(false);
  await mailer.send(MAIL);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: 30, to: 'alice@example.com', subject: 'Ahoi', text: 'Hello,\n\nhttps://hub.test/a?b=1&c=2\n' },
  ]);
});
