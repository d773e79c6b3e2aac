/**
 * All errors that a caller may see, as a closed list. Each surface translates the codes in one `Record<ErrorCode, …>`,
 * so a new code breaks the build until every surface handles it.
 */
export type ErrorCode =
  | 'invalid' // the input is malformed or breaks a rule
  | 'unauthenticated' // no credentials, or wrong ones
  | 'inactive' // the right credentials of an account that is not active
  | 'forbidden' // a known caller who may not
  | 'password_needed' // a session that must be given the password again, for this
  | 'not_found' // it does not exist, or this caller may not know that it does
  | 'conflict' // it exists already, or is in a state that does not allow this
  | 'missing_checksum' // a checksum request that carries no checksum at all
  | 'stale' // it has changed since the caller read it
  | 'unconditional' // the caller must say which state it wants to change
  | 'unsupported_type' // the body is of a kind that is not understood here
  | 'too_large' // more than the limit
  | 'busy' // too much of this at once, or too often
  | 'closed' // the operator switched this off
  | 'storage_full' // no room for more bytes
  | 'unavailable'; // something that we depend on does not answer

/** What is wrong with one part of an input. */
export interface FieldError {
  /** The path of the part, such as `body.email` or `query.page`; from a feature only the name that the API has for it. */
  readonly field: string;
  readonly message: string;
}

export interface AppErrorOptions extends ErrorOptions {
  /** The parts of the input that are wrong. */
  readonly fields?: readonly FieldError[];
  /** The number of seconds after which it makes sense to try again. */
  readonly retryAfterSeconds?: number;
}

/** An error that a caller may see: a code from the closed list and one sentence. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly retryAfterSeconds: number | undefined;
  readonly fields: readonly FieldError[];

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: AppErrorOptions = {},
  ) {
    super(message, options);
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.fields = options.fields ?? [];
  }
}

/**
 * An error about one part of an input; forms show it at the field.
 *
 * @param field - the name that the API has for the part
 */
export function fieldError(
  code: 'invalid' | 'conflict',
  field: string,
  message: string,
  options: ErrorOptions = {},
): AppError {
  return new AppError(code, message, { ...options, fields: [{ field, message }] });
}
