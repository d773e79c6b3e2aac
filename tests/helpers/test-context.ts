import { randomBytes } from 'node:crypto';
import type { BlobStore } from '../../src/blobs/blob-store';
import { MemoryBlobStore } from '../../src/blobs/memory';
import type { Context, Settings } from '../../src/context';
import type { Db } from '../../src/platform/db/db';
import { addressRule } from '../../src/platform/http/address-rules';
import { trustsNobody } from '../../src/platform/http/client-address';
import { GuardedClient } from '../../src/platform/http/guarded-post';
import { PublicUrl } from '../../src/platform/http/public-url';
import { createLogger, type Logger } from '../../src/platform/log/logger';
import { createMailer, type SmtpSettings } from '../../src/platform/mail/mailer';
import { PasswordChecker, type PasswordLimits } from '../../src/platform/passwords/password-checker';
import { createContext } from '../../src/create-context';

const SETTINGS: Settings = {
  registrationOpen: true,
  openId: undefined,
  gitProviders: [],
  registrationsPerHour: 10_000,
  confirmationRequired: false,
  hubLimits: false,
  registryEndpoints: [],
  remoteIndex: undefined,
  standalone: false,
  indexHosts: [],
  v2Engines: { major: 17, minor: 6 },
  trustsProxy: trustsNobody,
  accelPrefix: undefined,
  redirects: false,
  publicUrl: undefined,
  corsOrigins: new Set(),
  auditDays: 365,
  keepUntaggedMs: 30 * 24 * 3_600_000,
};

/** A context of an open installation with cheap passwords; `settings` say what differs. */
export function createTestContext(
  db: Db,
  options: {
    settings?: Partial<Settings>;
    blobs?: BlobStore;
    passwords?: PasswordLimits;
    smtp?: SmtpSettings;
    guardedClient?: GuardedClient;
    log?: Logger;
  } = {},
): Context {
  const log = options.log ?? createLogger('fatal');
  return createContext({
    db,
    blobs: options.blobs ?? new MemoryBlobStore(),
    log,
    settings: { ...SETTINGS, ...options.settings },
    mailer: createMailer(options.smtp, log),
    guardedClient: options.guardedClient ?? new GuardedClient(addressRule([])),
    publicUrl: new PublicUrl(undefined, 'http://hub.test'),
    tokenKey: randomBytes(32),
    passwords: new PasswordChecker(options.passwords ?? { cost: 4, running: 4, waiting: 1000 }),
  });
}
