import { UnknownWriteError, WriteBusyError, WriteDigestError, WriteOffsetError } from '../../blobs/resumable';
import type { WritableRepository } from '../repositories/access';
import { ContentError } from './content-error';

/** An upload that its account may continue. */
export interface OwnUpload {
  readonly id: string;
  readonly repository: WritableRepository;
}

/** The same, and where it is. */
export interface BlobUpload extends OwnUpload {
  /** the position of the next byte */
  readonly offset: number;
}

/** There is no such upload of the account. */
export function uploadUnknown(id: string, cause?: unknown): ContentError {
  const message = 'There is no such upload: it was finished, cancelled or idle for too long';
  return new ContentError('blob_upload_unknown', message, { upload: id }, { cause });
}

/** The piece does not begin where the upload ends. */
export class UploadOffsetError extends ContentError {
  constructor(readonly upload: BlobUpload) {
    super('blob_upload_invalid', `The next piece of this upload must begin at byte ${upload.offset}`);
  }
}

/** Translates errors of the blob store for the client. */
export function translate(error: unknown, upload: BlobUpload): unknown {
  if (error instanceof WriteOffsetError) return new UploadOffsetError({ ...upload, offset: error.offset });
  if (error instanceof UnknownWriteError) return uploadUnknown(error.id, error);
  if (error instanceof WriteBusyError) {
    return new ContentError('blob_upload_invalid', 'Another request is writing to this upload', undefined, {
      cause: error,
    });
  }
  if (error instanceof WriteDigestError) {
    const message = `The blob has the digest ${error.digest}`;
    return new ContentError('digest_invalid', message, { digest: error.digest }, { cause: error });
  }
  return error;
}
