import { Readable } from 'node:stream';
import { FilesystemBlobStore } from '../../src/blobs/filesystem';
import type { ByteRange } from '../../src/blobs/blob-store';

/** A store whose layers, while it stalls, return no byte and do not end when they are inspected. */
export class StallingBlobs extends FilesystemBlobStore {
  isStalling = false;
  /** The layers that were opened for inspection while it stalled. */
  readonly opened: Readable[] = [];

  override async read(key: string, range?: ByteRange, expectedBytes?: number): Promise<Readable> {
    if (!this.isStalling) return super.read(key, range, expectedBytes);
    const stream = new Readable({ read: () => undefined });
    this.opened.push(stream);
    return Promise.resolve(stream);
  }
}
