import { MemoryBlobStore } from '../../src/blobs/memory';
import { describeBlobStore } from './conformance';

describeBlobStore('memory', () => {
  const store = new MemoryBlobStore();
  return Promise.resolve({ store, again: () => store, close: () => Promise.resolve() });
});
