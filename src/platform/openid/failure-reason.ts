/*
 * Why a provider could not be used, for the log. The errors of the library carry whole answers and tokens as their
 * causes; only what is safe to write down is taken from them.
 */

const LONGEST = 300;

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function text(value: unknown): string | undefined {
  // eslint-disable-next-line no-control-regex
  return typeof value === 'string' ? value.replaceAll(/[\u0000-\u001f\u007f]/g, ' ').slice(0, LONGEST) : undefined;
}

/** The code of an error that the provider answered, such as `invalid_grant`; undefined: it is another error. */
export function providerErrorCode(error: unknown): string | undefined {
  const code = text(field(error, 'error'));
  return code !== undefined && /^[\w.-]{1,60}$/.test(code) ? code : undefined;
}

function ownReason(error: unknown): string {
  const cause = field(error, 'cause');
  const named = text(field(field(cause, 'body'), 'issuer'));
  if (field(cause, 'attribute') === 'issuer' && named !== undefined) {
    return `the provider calls itself ${named}, and that must be the configured issuer`;
  }
  if (cause instanceof Response) return `${cause.url} answered ${cause.status}`;
  const code = providerErrorCode(error);
  if (code === undefined) return text(field(error, 'message')) ?? 'unknown';
  const description = text(field(error, 'error_description'));
  return description === undefined ? code : `${code} (${description})`;
}

/** The reason of an error in one line, with those of its causes. */
export function failureReason(error: unknown): string {
  const reasons: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 4 && current instanceof Error; depth += 1) {
    const reason = ownReason(current);
    if (reason !== '' && !reasons.includes(reason)) reasons.push(reason);
    const code = text(field(current, 'code'));
    if (code !== undefined && /^E[A-Z]+$/.test(code) && !reasons.join(' ').includes(code)) reasons.push(code);
    current = current.cause;
  }
  return reasons.length === 0 ? 'unknown' : reasons.join(': ');
}
