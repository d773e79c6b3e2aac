import type { Readable } from 'node:stream';

/** A part of a multipart upload that has arrived. */
export interface SentPart {
  readonly number: number;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

/** An open object: the bytes of the range, and the length of the whole. */
export interface OpenObject {
  readonly body: Readable;
  /** changes with the bytes */
  readonly etag: string | undefined;
  readonly wholeBytes: number;
}

/** How an object is sent. */
export interface PutOptions {
  readonly signal?: AbortSignal;
  readonly sha256?: string | undefined;
}
