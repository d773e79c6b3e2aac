import { AppError, type AppErrorOptions, type ErrorCode } from '../../platform/errors';

/** The problems with content: the error codes of the distribution specification, in lower case. */
export type ContentProblem =
  | 'blob_unknown'
  | 'blob_upload_invalid'
  | 'blob_upload_unknown'
  | 'digest_invalid'
  | 'manifest_blob_unknown'
  | 'manifest_invalid'
  | 'manifest_unknown'
  | 'tag_invalid';

const CODES: Readonly<Record<ContentProblem, ErrorCode>> = {
  blob_unknown: 'not_found',
  blob_upload_invalid: 'conflict',
  blob_upload_unknown: 'not_found',
  digest_invalid: 'invalid',
  manifest_blob_unknown: 'invalid',
  manifest_invalid: 'invalid',
  manifest_unknown: 'not_found',
  tag_invalid: 'invalid',
};

/** An error about a manifest, a blob or an upload. */
export class ContentError extends AppError {
  /** @param detail - what clients get in addition to the message, such as the digests that are missing */
  constructor(
    readonly problem: ContentProblem,
    message: string,
    readonly detail?: unknown,
    options: AppErrorOptions = {},
  ) {
    super(CODES[problem], message, options);
  }
}

/** A manifest that the repository does not have. */
export function manifestUnknown(reference: string): ContentError {
  return new ContentError('manifest_unknown', `The repository has no manifest ${reference}`, { reference });
}

/** A blob that the repository does not have, even if another repository has it. */
export function blobUnknown(digest: string, cause?: unknown): ContentError {
  return new ContentError('blob_unknown', `The repository has no blob ${digest}`, { digest }, { cause });
}

/** Text that is not a digest of a supported algorithm. */
export function digestInvalid(digest: string): ContentError {
  const message = 'A digest must be sha256: or sha512: and lower-case hexadecimal digits';
  return new ContentError('digest_invalid', message, { digest });
}
