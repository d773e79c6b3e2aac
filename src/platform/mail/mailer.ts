import { createRequire } from 'node:module';
import type * as Nodemailer from 'nodemailer';
import type { Logger } from '../log/logger';
import { htmlOf, subjectOf, textOf, type Mail } from './mail';

/** Sends mails. */
export interface Mailer {
  /** Whether mails leave this machine; otherwise they go to the log. */
  readonly isConfigured: boolean;
  /**
   * Sends one mail.
   *
   * @throws Error when the mail server does not accept it; some of these errors are temporary
   */
  send(mail: Mail): Promise<void>;
  /** Closes the connections to the mail server. */
  close(): void;
}

/** How to reach a mail server, and the sender of the mails. */
export interface SmtpSettings {
  /** `smtp://user:password@host:587`, or smtps. */
  readonly url: string;
  /** An address, or `Name <address>`. */
  readonly from: string;
}

const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 60_000, dnsTimeout: 10_000 };

/** Without a mail server, the library is not loaded. */
const load = createRequire(__filename);

/** Sends mails to a mail server over a few persistent connections. */
export class SmtpMailer implements Mailer {
  readonly isConfigured = true;
  private readonly transport;

  constructor(private readonly settings: SmtpSettings) {
    const { createTransport } = load('nodemailer') as typeof Nodemailer;
    const limits = { pool: true, maxConnections: 2, ...TIMEOUTS } as const;
    this.transport = createTransport({
      url: settings.url,
      ...limits,
      // Nothing in a mail makes the library open a file or contact another server.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send(mail: Mail): Promise<void> {
    await this.transport.sendMail({
      from: this.settings.from,
      to: { name: '', address: mail.to }, // an object counts as one address, whatever it contains
      subject: subjectOf(mail),
      text: textOf(mail),
      html: await htmlOf(mail),
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  }

  close(): void {
    this.transport.close();
  }
}

/** Writes mails to the log: without a mail server, the operator passes the links on. */
export class LogMailer implements Mailer {
  readonly isConfigured = false;

  constructor(private readonly log: Logger) {}

  async send(mail: Mail): Promise<void> {
    this.log.info(
      { to: mail.to, subject: subjectOf(mail), text: textOf(mail) },
      'email not sent: no mail server is configured',
    );
  }

  close(): void {
    // There is nothing to close.
  }
}

/** @param smtp - undefined: mails go to the log */
export function createMailer(smtp: SmtpSettings | undefined, log: Logger): Mailer {
  return smtp === undefined ? new LogMailer(log) : new SmtpMailer(smtp);
}
