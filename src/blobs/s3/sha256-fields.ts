import type * as Sdk from '@aws-sdk/client-s3';

/** In base64, without the number of parts that follows one of parts. */
const WHOLE = /^[A-Za-z0-9+/]{43}=$/;

/** What goes with an object. @param sha256 - in hex; undefined: none */
export function sha256Fields(sha256: string | undefined): { ChecksumSHA256?: string } {
  return sha256 === undefined ? {} : { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') };
}

/**
 * The sha256 of the bytes of an object, in hex, as it came with them; undefined when there is none. What was sent in
 * parts has at most a checksum of the checksums of its parts.
 */
export function sha256In({ ChecksumSHA256 = '', ChecksumType }: Sdk.HeadObjectCommandOutput): string | undefined {
  const isWhole = ChecksumType !== 'COMPOSITE' && WHOLE.test(ChecksumSHA256);
  return isWhole ? Buffer.from(ChecksumSHA256, 'base64').toString('hex') : undefined;
}
