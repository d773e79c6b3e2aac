import { randomBytes } from 'node:crypto';
import type { BlobStore } from '../../src/blobs/blob-store';
import { MemoryBlobStore } from '../../src/blobs/memory';
import type { Context, Settings } from '../../src/context';
import type { Db } from '../../src/platform/db/db';
import { trustsNobody } from '../../src/platform/http/client-address';
import { createLogger } from '../../src/platform/log/logger';
import { PasswordChecker, type PasswordLimits } from '../../src/platform/passwords/password-checker';
import { contextOf } from '../../src/runtime';

const SETTINGS: Settings = {
  registrationOpen: true,
  confirmationRequired: false,
  hubLimits: false,
  registryEndpoints: [],
  remoteIndex: undefined,
  standalone: false,
  indexHosts: [],
  trustsProxy: trustsNobody,
  publicUrl: undefined,
  auditDays: 365,
};

/** A context of an open installation with cheap passwords; `settings` say what differs. */
export function createTestContext(
  db: Db,
  options: { settings?: Partial<Settings>; blobs?: BlobStore; passwords?: PasswordLimits } = {},
): Context {
  return contextOf({
    db,
    blobs: options.blobs ?? new MemoryBlobStore(),
    log: createLogger('fatal'),
    settings: { ...SETTINGS, ...options.settings },
    tokenKey: randomBytes(32),
    passwords: new PasswordChecker(options.passwords ?? { cost: 4, running: 4, waiting: 1000 }),
  });
}
