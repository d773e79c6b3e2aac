/** Hashes that are computed while the bytes are written. */
export interface SumsOfPieces {
  /** @param isOnly - there are no other bytes, before or after */
  update(piece: Buffer, isOnly: boolean): Promise<void>;
  /** What may take longer than `update`: the piece must not change until this resolves. It never throws. */
  read?(piece: Buffer): Promise<void>;
}
