import { openFilesystemStore } from './filesystem-folder';
import { describeBlobStore } from './conformance';

describeBlobStore('filesystem', openFilesystemStore);
