/**
 * A push is given up after so long without a sign of life. It gives one with each of its requests, and each minute
 * while bytes of a layer arrive; a write token lasts longer. So this bounds the silence, not the push.
 */
export const ABANDONED_AFTER_HOURS = 24;

/** Whether a push gave a sign of life lately, by the database's clock. @param push - the alias of the push */
export function isAliveSql(push: string): string {
  return `${push}.seen_at > now() - interval '${ABANDONED_AFTER_HOURS} hours'`;
}
