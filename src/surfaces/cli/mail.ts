import type { Command } from 'commander';
import { AppError } from '../../platform/errors';
import type { Context } from '../../context';
import { assertEmail } from '../../features/accounts/account-rules';
import { printLine } from './output';
import type { CommandParts } from './command-parts';

/** What the mail server said, or why it could not be reached. */
function reasonOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return said.replace(/\s+/g, ' ').trim();
}

async function sendTest({ mailer, publicUrl }: Context, to: string): Promise<void> {
  assertEmail(to);
  if (!mailer.isConfigured) {
    throw new AppError('closed', 'No mail server is configured: set DRYDOCK_SMTP_URL and DRYDOCK_MAIL_FROM');
  }
  const { host } = publicUrl;
  const paragraphs = [
    `${host} can send email. Links in its messages will begin like this one:`,
    { url: publicUrl.of('/') },
  ];
  try {
    await mailer.send({ to, subject: `Test message from ${host}`, paragraphs });
  } catch (error) {
    throw new AppError('unavailable', `The email was not sent: ${reasonOf(error)}`, { cause: error });
  }
}

/** `drydock mail …`. */
export function addMailCommand(program: Command, parts: CommandParts): void {
  const mail = program.command('mail').description('check the email that the server sends');
  mail
    .command('test')
    .description('send a test email and report whether the mail server accepted it')
    .argument('<address>', 'the recipient')
    .action(async (address: string) => {
      await parts.withContext((ctx) => sendTest(ctx, address));
      printLine(`The mail server accepted an email to ${address}.`);
    });
}
