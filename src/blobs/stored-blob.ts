/** Bytes that are safe in the store. */
export interface StoredBlob {
  /** `sha256:<64 lower hex>` of exactly these bytes */
  readonly digest: string;
  /** `sha256:<64 lower hex>` of the prefix that the writer named and these bytes behind it */
  readonly prefixedDigest: string;
  readonly sizeBytes: number;
  /** where the store keeps them; differs at every write, so that deleting an old copy never hits a new one */
  readonly key: string;
}
