import { InvalidArgumentError, type Command } from 'commander';
import { OPERATOR_ACTOR } from '../../features/access/actor';
import { readAuditLog } from '../../features/access/audit-log';
import type { RecordedEvent } from '../../features/audit/audit';
import { printJson, printLine, printTable } from './output';
import type { CommandParts, ListingOptions } from './command-parts';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const DEFAULT_LIMIT = 100;
const MOST = 1_000_000;

interface AuditOptions extends ListingOptions {
  readonly user?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly since?: Date;
  readonly limit: number;
}

const ABOUT = `show the audit log, newest first: who did what, and from where

It records logins, changes to accounts and repositories, tags, pushes, and commands run by operators. Actions begin with
login, session, user, oauth, repository, tag, push, gc or scrub.`;

/**
 * Parses a point in time: how long ago it was (`30m`, `2h`, `7d`), or a date with or without a time (ISO 8601, in UTC
 * unless the text has a zone).
 *
 * @throws InvalidArgumentError
 */
export function parseSince(text: string): Date {
  const ago = /^(\d{1,9})([mhd])$/.exec(text);
  if (ago !== null) {
    const then = new Date(Date.now() - Number(ago[1]) * (UNIT_MS[ago[2] ?? ''] ?? 0));
    if (then.getFullYear() > 0) return then;
  }
  const date = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  if (date !== null) {
    const isLocal = date[1] !== undefined && date[4] === undefined;
    const then = new Date(isLocal ? `${text}Z` : text);
    if (!Number.isNaN(then.getTime())) return then;
  }
  throw new InvalidArgumentError('Expected a time such as 30m, 2h, 7d or 2014-06-09T12:30.');
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MOST) return limit;
  throw new InvalidArgumentError(`Expected a number from 1 to ${MOST}.`);
}

/** `drydock audit`. */
export function addAuditCommand(program: Command, parts: CommandParts): void {
  program
    .command('audit')
    .summary('show the audit log: who did what')
    .description(ABOUT)
    .option('--user <name>', 'only what this account did, and logins with this username')
    .option('--action <prefix>', 'only actions with this prefix, such as login, login.failed or tag')
    .option('--subject <name>', 'only what affected this account, repository or repository:tag')
    .option('--since <time>', 'only events since then: 30m, 2h, 7d, or a UTC time such as 2014-06-09T12:30', parseSince)
    .option('--limit <number>', 'show at most this many', parseLimit, DEFAULT_LIMIT)
    .option('--json', 'print the list as JSON')
    .action(async ({ json, ...filter }: AuditOptions) => {
      const { events } = await parts.withContext((ctx) => readAuditLog(ctx, OPERATOR_ACTOR, filter));
      if (json === true) printJson(events.map(toJson));
      else if (events.length === 0) printLine('No events found.');
      else printEvents(events);
    });
}

function toJson({ at, actor, address, action, subject, details }: RecordedEvent): object {
  return { at, actor: actor ?? null, address, action, subject, details };
}

/**
 * The text with its control characters escaped: an untrusted client chooses the names that it tries, and they must not
 * control the terminal.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

function formatDetails(details: RecordedEvent['details']): string {
  return Object.entries(details)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function printEvents(events: readonly RecordedEvent[]): void {
  printTable(
    ['TIME (UTC)', 'ACTOR', 'ADDRESS', 'ACTION', 'SUBJECT', 'DETAILS'],
    events.map(({ at, actor, address, action, subject, details }) =>
      [
        at.toISOString().slice(0, 19).replace('T', ' '),
        actor ?? '-',
        address,
        action,
        subject,
        formatDetails(details),
      ].map(printable),
    ),
  );
}
