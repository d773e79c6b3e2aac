import { AppError } from '../errors';
import { providerErrorCode } from './failure-reason';

/** Errors of a provider for which a user can do something. */
const REFUSALS: Readonly<Record<string, string>> = {
  access_denied: 'did not let you sign in, or you cancelled',
  login_required: 'needs you to log in there first',
  temporarily_unavailable: 'is unavailable now',
  server_error: 'had an error of its own',
};

/** Errors that mean that the provider does not know this server as it is configured. */
const OF_THE_OPERATOR: ReadonlySet<string> = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_scope',
  'invalid_request',
  'unsupported_response_type',
]);

/** The answer while a provider is down. */
export function unreachable(name: string): AppError {
  return new AppError('unavailable', `${name} cannot be reached, so nobody can sign in with it now`);
}

function isOutage(error: { readonly code?: unknown; readonly cause?: unknown }): boolean {
  const { code, cause } = error;
  if (cause instanceof Response) return cause.status >= 500;
  return typeof code !== 'string' || !code.startsWith('OAUTH_') || code === 'OAUTH_TIMEOUT';
}

/**
 * What a visitor learns about a sign-in that failed: the provider's code, never its texts.
 *
 * @param name - of the provider
 */
export function signInFailure(error: unknown, name: string): AppError {
  const code = providerErrorCode(error);
  if (code === 'invalid_grant') return new AppError('invalid', 'This sign-in was already used or is too old');
  if (code !== undefined && OF_THE_OPERATOR.has(code)) {
    const message = `${name} refuses this server (${code}). The operator has to check the client at ${name}`;
    return new AppError('invalid', message);
  }
  if (code !== undefined) return new AppError('invalid', `${name} ${REFUSALS[code] ?? `refused it (${code})`}`);
  if (error instanceof Error && !isOutage(error)) {
    return new AppError('invalid', `The answer of ${name} is not valid, or does not belong to this sign-in`);
  }
  return unreachable(name);
}
