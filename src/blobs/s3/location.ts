/** Where a store is: a bucket, and a folder in it. */
export interface BucketLocation {
  readonly bucket: string;
  /** `''`, or ends with a slash */
  readonly prefix: string;
}

/** How to reach it; credentials come from the chain of the SDK: environment, profile, role of the machine. */
export interface BucketOptions extends BucketLocation {
  /** undefined: that of AWS */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** Where clients of this server reach the store, to read from it themselves; undefined: they do not. */
  readonly forClients?: { readonly endpoint: string | undefined };
  /** The bucket is the first part of the path, not of the host name. */
  readonly isPathStyle: boolean;
  /** undefined: as the bucket is configured */
  readonly encryption: 'AES256' | 'aws:kms' | undefined;
  /** undefined: the chain */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** After so long without a byte a connection counts as broken; undefined: half a minute. */
  readonly silentMs?: number;
}

const LOCATION = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([A-Za-z0-9._/-]*))?$/;

/**
 * Reads `s3://bucket/prefix`.
 *
 * @returns undefined when it is not the address of a bucket
 */
export function parseLocation(text: string): BucketLocation | undefined {
  const [, bucket, path = ''] = LOCATION.exec(text) ?? [];
  if (bucket === undefined) return undefined;
  const prefix = path.replace(/\/+$/, '');
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}
