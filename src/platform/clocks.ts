/*
 * The clocks of hosts differ, and what one of them signs another one reads: tokens, tickets, what a browser keeps for us.
 * Rows are better off, since their times all come from the clock of the database.
 */

/** How much two hosts may differ: each by five minutes from the right time. In seconds. */
export const CLOCKS_DIFFER_SECONDS = 600;

/**
 * Whether something that a host signed has expired, however much its clock differs from that of this host.
 *
 * @param expires - by the clock of the host that signed it, in seconds since 1970
 * @param now - by the clock of this host, in milliseconds
 */
export function isOver(expires: number, now = Date.now()): boolean {
  return (expires + CLOCKS_DIFFER_SECONDS) * 1000 <= now;
}
