import { createTransport } from 'nodemailer';
import type { Logger } from '../log/logger';
import { htmlOf, subjectOf, textOf, type Mail } from './mail';

/** Sends mails. */
export interface Mailer {
  /** whether mails leave this machine; otherwise they are in the log */
  readonly isConfigured: boolean;
  /**
   * Sends one.
   *
   * @throws Error when the mail server does not take it; some of these pass
   */
  send(mail: Mail): Promise<void>;
  /** Lets go of the mail server. */
  close(): void;
}

/** How to reach a mail server, and for whom to speak. */
export interface SmtpSettings {
  /** `smtp://user:password@host:587`, or smtps */
  readonly url: string;
  /** an address, or `Name <address>` */
  readonly from: string;
}

const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 60_000, dnsTimeout: 10_000 };

/** Speaks to a mail server, over few connections that are kept. */
export class SmtpMailer implements Mailer {
  readonly isConfigured = true;
  private readonly transport;

  constructor(private readonly settings: SmtpSettings) {
    const limits = { pool: true, maxConnections: 2, ...TIMEOUTS } as const;
    this.transport = createTransport({
      url: settings.url,
      ...limits,
      // Nothing in a mail makes the library open a file or ask another server.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send(mail: Mail): Promise<void> {
    await this.transport.sendMail({
      from: this.settings.from,
      to: { name: '', address: mail.to }, // as an object it is one address, whatever is in it
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

/** Writes mails into the log: where there is no mail server, the operator passes the links on. */
export class LogMailer implements Mailer {
  readonly isConfigured = false;

  constructor(private readonly log: Logger) {}

  async send(mail: Mail): Promise<void> {
    this.log.info(
      { to: mail.to, subject: subjectOf(mail), text: textOf(mail) },
      'a mail, which no mail server was configured to take',
    );
  }

  close(): void {
    // It holds nothing.
  }
}

/** @param smtp - undefined: mails go to the log */
export function createMailer(smtp: SmtpSettings | undefined, log: Logger): Mailer {
  return smtp === undefined ? new LogMailer(log) : new SmtpMailer(smtp);
}
