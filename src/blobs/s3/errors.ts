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
  return ['NoSuchKey', 'NotFound', 'NoSuchUpload'].includes(codeOf(error)) || statusOf(error) === 404;
}

function statusOf(error: unknown): number | undefined {
  return isError(error) ? error.$metadata?.httpStatusCode : undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  NoSuchBucket: 'the bucket does not exist',
  InvalidAccessKeyId: 'the access key is unknown there',
  SignatureDoesNotMatch: 'the secret key is wrong',
  CredentialsProviderError: 'there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  RequestTimeTooSkewed: "this machine's clock differs from the store's by more than 15 minutes",
  PermanentRedirect: 'the bucket is in another region: set DRYDOCK_S3_REGION',
  AuthorizationHeaderMalformed: 'the bucket is in another region: set DRYDOCK_S3_REGION',
  ENOTFOUND: 'its host is unknown: check DRYDOCK_S3_ENDPOINT',
  ECONNREFUSED: 'nothing listens there: check DRYDOCK_S3_ENDPOINT',
  TimeoutError: 'it does not answer',
  AccessDenied: 'these credentials may not use the bucket',
  Forbidden: 'these credentials may not use the bucket',
};

/** Why a bucket cannot be used, for the operator. */
export function explain(error: unknown): string {
  const code = codeOf(error);
  const known = REASONS[code] ?? { 403: REASONS['Forbidden'], 404: REASONS['NoSuchBucket'] }[statusOf(error) ?? 0];
  return known ?? (isError(error) ? `${code}: ${error.message}` : String(error));
}

/** Quotas of several stores. */
const FULL = ['QuotaExceeded', 'XMinioStorageFull', 'InsufficientCapacity'];

/** Waits for a request that needs room. @throws AppError `storage_full` when the store has none */
export async function translatingFull<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!FULL.includes(codeOf(error)) && statusOf(error) !== 507) throw error;
    throw new AppError('storage_full', 'The storage is full: the bucket has no room for this layer', { cause: error });
  }
}
