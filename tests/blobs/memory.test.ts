import { MemoryBlobStore } from '../../src/blobs/memory';
import { describeBlobStore } from './conformance';

describeBlobStore('memory', () => Promise.resolve({ store: new MemoryBlobStore(), close: () => Promise.resolve() }));
