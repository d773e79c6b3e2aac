import { EventEmitter, once } from 'node:events';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import type { SmtpSettings } from '../../src/platform/mail/mailer';

/** A mail as it came out of a mail server. */
export interface ReceivedMail {
  /** The recipients in the envelope. */
  readonly recipients: readonly string[];
  readonly raw: string;
  readonly parsed: ParsedMail;
}

/** A mail server in this process. */
export interface TestSmtpServer {
  readonly settings: SmtpSettings;
  readonly port: number;
  /** The mails that arrived, the oldest first. */
  readonly mails: ReceivedMail[];
  /** Waits for the next mail that nobody has waited for yet. */
  next(): Promise<ReceivedMail>;
  /** Refuses every recipient with this message from now on; undefined: none. */
  refuseWith(answer: string | undefined): void;
  close(): Promise<void>;
}

/** @param password - senders must log in as `drydock` with it; undefined: no login is needed */
export async function startSmtpServer(options: { password?: string; port?: number } = {}): Promise<TestSmtpServer> {
  const { password } = options;
  const mails: ReceivedMail[] = [];
  const arrivals = new EventEmitter();
  let awaited = 0;
  let refusal: string | undefined;
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: password === undefined,
    onAuth: (auth, _session, done) => {
      if (auth.username === 'drydock' && auth.password === password) done(null, { user: 'drydock' });
      else done(new Error('Wrong name or password'));
    },
    onRcptTo: (_address, _session, done) => {
      done(refusal === undefined ? null : Object.assign(new Error(refusal), { responseCode: 550 }));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks);
        void simpleParser(raw).then((parsed) => {
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          mails.push({ recipients, raw: raw.toString('utf8'), parsed });
          arrivals.emit('mail');
          done();
        }, done);
      });
    },
  });
  server.on('error', () => undefined); // a client that disconnects in the middle of a mail
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.server.address() as { port: number };
  const login = password === undefined ? '' : `drydock:${encodeURIComponent(password)}@`;
  return {
    settings: { url: `smtp://${login}127.0.0.1:${port}`, from: 'Drydock <drydock@example.com>' },
    port,
    mails,
    next: async () => {
      const at = awaited++;
      for (;;) {
        const mail = mails[at];
        if (mail !== undefined) return mail;
        await once(arrivals, 'mail');
      }
    },
    refuseWith: (answer) => {
      refusal = answer;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** The only link in a mail; its text and its HTML contain the same. */
export function linkIn({ parsed }: ReceivedMail): string {
  const inText = parsed.text?.match(/^https?:\/\/\S+$/gm) ?? [];
  const inMarkup = [...String(parsed.html).matchAll(/href="([^"]+)"/g)].map(([, link]) => link);
  expect(inText).toHaveLength(1);
  expect(inMarkup).toEqual(inText);
  return inText[0] ?? '';
}

/** The secret at the end of a link. */
export function secretIn(mail: ReceivedMail): string {
  const secret = linkIn(mail).split('/').at(-1) ?? '';
  expect(secret).toMatch(/^[\w-]{43}$/);
  return secret;
}
