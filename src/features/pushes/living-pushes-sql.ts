/**
 * After so long without a sign of life a push is given up. A push gives one whenever a request of it comes in, and each
 * minute while bytes of a layer come in; a write token lasts longer. So this bounds the silence, not the push.
 */
export const ABANDONED_AFTER_HOURS = 24;

/** Whether a push gave a sign of life lately, by the database's clock. @param push - its alias */
export function isAliveSql(push: string): string {
  return `${push}.seen_at > now() - interval '${ABANDONED_AFTER_HOURS} hours'`;
}
