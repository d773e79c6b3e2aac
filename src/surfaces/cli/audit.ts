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

const ABOUT = `show who did what from where, the newest first

Logins, changes of accounts and repositories, tags, pushes, and what operators did on the command line. Actions begin with
login, session, user, oauth, repository, tag, push, gc or scrub.`;

/**
 * A moment: some time ago (`30m`, `2h`, `7d`), or a date with or without a time (ISO 8601, UTC unless it says otherwise).
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
  throw new InvalidArgumentError('It must be like 30m, 2h, 7d or 2014-06-09T12:30.');
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MOST) return limit;
  throw new InvalidArgumentError(`It must be a number from 1 to ${MOST}.`);
}

/** `drydock audit`. */
export function addAuditCommand(program: Command, parts: CommandParts): void {
  program
    .command('audit')
    .summary('show who did what')
    .description(ABOUT)
    .option('--user <name>', 'what this account did, and logins under this name')
    .option('--action <prefix>', 'actions that begin so: login, login.failed, tag')
    .option('--subject <name>', 'what happened to this account, repository or repository:tag')
    .option('--since <time>', 'no older than this: 30m, 2h, 7d, or a date as 2014-06-09T12:30 in UTC', parseSince)
    .option('--limit <number>', 'at most so many', parseLimit, DEFAULT_LIMIT)
    .option('--json', 'print the list as JSON')
    .action(async ({ json, ...filter }: AuditOptions) => {
      const { events } = await parts.withContext((ctx) => readAuditLog(ctx, OPERATOR_ACTOR, filter));
      if (json === true) printJson(events.map(toJson));
      else if (events.length === 0) printLine('There is nothing on record.');
      else printEvents(events);
    });
}

function toJson({ at, actor, address, action, subject, details }: RecordedEvent): object {
  return { at, actor: actor ?? null, address, action, subject, details };
}

/** A stranger chooses the names that he tries: nothing of them may steer the terminal. */
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
