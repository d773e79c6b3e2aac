import type { Unpacked } from './unpacking';

/** Bytes that are safely stored. */
export interface StoredBlob {
  /** `sha256:<64 lower hex>` of exactly these bytes. */
  readonly digest: string;
  /** `sha256:<64 lower hex>` of the writer's prefix followed by these bytes. */
  readonly prefixedDigest: string;
  /** `sha512:<128 lower hex>` of these bytes, if the caller expected that. */
  readonly sha512?: string;
  /** If the caller wanted it. */
  readonly unpacked?: Unpacked;
  readonly sizeBytes: number;
  /** The store's key for them. Every write gets a new one, so that deleting an old copy never hits a new one. */
  readonly key: string;
}
