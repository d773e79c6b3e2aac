import { AppError } from '../../platform/errors';

/** The parts of an error of the SDK that tell what happened. */
interface SdkError extends Error {
  readonly Code?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const isError = (error: unknown): error is SdkError => error instanceof Error;

/** The code that the store answered, such as `NoSuchKey`, or of the network, such as `ECONNREFUSED`. */
export function codeOf(error: unknown): string {
  if (!isError(error)) return '';
  return error.Code ?? error.code ?? error.name;
}

/** Whether the object, or the multipart upload, does not exist. */
export function isMissing(error: unknown): boolean {
  if (codeOf(error) === 'NoSuchBucket') return false;
  return ['NoSuchKey', 'NotFound', 'NoSuchUpload'].includes(codeOf(error)) || statusOf(error) === 404;
}

/** Whether the store does not let this server do this, or cannot do it at all. */
export function isDenied(thrown: unknown): boolean {
  const error = thrown instanceof AppError ? thrown.cause : thrown;
  return ['AccessDenied', 'NotImplemented'].includes(codeOf(error));
}

function statusOf(error: unknown): number | undefined {
  return isError(error) ? error.$metadata?.httpStatusCode : undefined;
}

const REFUSED = 'these credentials may not use the bucket';

const REASONS: Readonly<Record<string, string>> = {
  NoSuchBucket: 'the bucket does not exist',
  InvalidAccessKeyId: 'the access key is unknown there',
  SignatureDoesNotMatch: 'the secret key is wrong',
  ExpiredToken: 'the session of these credentials has ended',
  CredentialsProviderError: 'there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  RequestTimeTooSkewed: "this machine's clock differs too much from the store's: set it by NTP",
  PermanentRedirect: 'the bucket is in another region: set DRYDOCK_S3_REGION',
  AuthorizationHeaderMalformed: 'the bucket is in another region: set DRYDOCK_S3_REGION',
  ENOTFOUND: 'its host is unknown: check DRYDOCK_S3_ENDPOINT',
  ECONNREFUSED: 'nothing listens there: check DRYDOCK_S3_ENDPOINT',
  TimeoutError: 'it does not answer',
  AbortError: 'it does not answer',
  AccessDenied: REFUSED,
  Forbidden: REFUSED,
};

/** Why a bucket cannot be used, for the operator. */
export function explain(thrown: unknown): string {
  const error = thrown instanceof AppError && thrown.cause !== undefined ? thrown.cause : thrown;
  const code = codeOf(error);
  const known = REASONS[code] ?? { 403: REFUSED, 404: REASONS['NoSuchBucket'] }[statusOf(error) ?? 0];
  return known ?? (isError(error) ? `${code}: ${error.message}` : String(error));
}

const RETRY_AFTER_SECONDS = 5;

/** Quotas of several stores. */
const FULL = ['QuotaExceeded', 'XMinioStorageFull', 'InsufficientCapacity'];

/** Of the network, and of a store that asks for patience with a status that says nothing of it. */
const SILENT =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|CERT_\w+|ERR_TLS_\w+|ERR_STREAM_PREMATURE_CLOSE|TimeoutError|RequestTimeout|Throttling\w*)$/;

/** Whether the store does not answer, or cannot. */
function isOutage(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  return SILENT.test(codeOf(error)) || status === 429 || (status >= 500 && status !== 501);
}

/** Whether the store wants nothing from this server, which only its operator can change. */
function isRefusal(error: unknown): boolean {
  return REASONS[codeOf(error)] !== undefined || [401, 403].includes(statusOf(error) ?? 0);
}

/**
 * The error to throw instead: `storage_full` when the store has no room, `unavailable` when it does not answer or lets
 * this server do nothing, otherwise the same.
 */
export function translateOutage(error: unknown): unknown {
  if (error instanceof AppError || codeOf(error) === 'AbortError') return error;
  if (FULL.includes(codeOf(error)) || statusOf(error) === 507) {
    return new AppError('storage_full', 'The storage is full: the bucket has no room for this layer', { cause: error });
  }
  const options = { cause: error, retryAfterSeconds: RETRY_AFTER_SECONDS };
  if (isOutage(error)) return new AppError('unavailable', 'The storage does not answer', options);
  return isRefusal(error) ? new AppError('unavailable', 'The storage refuses this server', options) : error;
}
