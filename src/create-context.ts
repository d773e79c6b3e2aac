import { LRUCache } from 'lru-cache';
import { BLOB_REFERRERS } from './blob-referrers';
import { StorageRoom, type StorageLimits } from './blobs/storage-room';
import { StorageRooms } from './blobs/storage-rooms';
import type { Context, ContextParts } from './context';
import { LOGIN_LIMITS, OPENID_LIMIT } from './features/accounts/login-limits';
import { MAIL_LIMITS, registrationLimit } from './features/accounts/mail-limits';
import { HOOK_LIMIT } from './features/builds/hooks/take-hook';
import { EXPORT_LIMIT } from './features/exports/own-data';
import { saveActivity } from './features/statistics/counting';
import { storedBytes } from './features/storage/blobs';
import { BriefCache } from './platform/cache/brief-cache';
import { ByteCache } from './platform/cache/byte-cache';
import { SecretCache } from './platform/cache/secret-cache';
import { CountBuffer } from './platform/counts/count-buffer';
import { createProviders } from './platform/providers/providers';
import { LiveStreams } from './platform/http/live-streams';
import { OpenIdProvider } from './platform/openid/openid-provider';
import { ConcurrencyLimit } from './platform/limits/concurrency-limit';
import { FailureLimiter, type FailureLimit } from './platform/limits/failure-limiter';
import { workshops } from './workshops';

const CACHE_BYTES = 64 * 1024 * 1024;
const RECENT_PULLS = { max: 20_000, ttl: 5 * 60_000 };
const RECENTLY_SEEN = { max: 20_000, ttl: 5 * 60_000 };
const SEARCH_TOTALS = { entries: 500, longestMs: 60_000 };
const RARE_SEARCHES = { max: 500, ttl: 60_000 };

/** Clients of v2 that a POST has refused try the same with a GET. */
const REFUSED_LOGIN_MS = 5000;

/** An engine sends five layers at once, and a build farm may share one account. */
const LAYER_UPLOADS = 100;

/** Each asks the database once a second. Several people may share one address. */
const LIVE_STREAMS = { all: 200, each: 20 };

const NO_STORAGE_LIMITS: StorageLimits = { limitBytes: undefined, reserveBytes: 0 };

interface ContextOptions {
  readonly storage?: StorageLimits;
  /** The number of processes that share this machine's cores. */
  readonly processes?: number;
  /** The number of connections of this process to the database. */
  readonly connections?: number;
}

/** Creates a context from its parts, with limiters, caches and threads of its own. */
export function createContext(
  parts: ContextParts,
  { storage = NO_STORAGE_LIMITS, processes = 1, connections = 16 }: ContextOptions = {},
): Context {
  const { db, log, settings } = parts;
  const limiter = (limit: FailureLimit): FailureLimiter => new FailureLimiter(db, limit);
  return {
    ...parts,
    ...workshops(processes, connections),
    blobReferrers: BLOB_REFERRERS,
    storageRoom: new StorageRoom(storage, {
      usedBytes: () => storedBytes(parts),
      freeBytes: () => parts.blobs.freeBytes(),
    }),
    namespaceRooms: new StorageRooms(),
    layerUploads: new ConcurrencyLimit(LAYER_UPLOADS, {
      sentence: `${LAYER_UPLOADS} layers of this account are being uploaded at once`,
      retryAfterSeconds: 30,
    }),
    liveStreams: new LiveStreams(LIVE_STREAMS),
    loginLimiters: {
      pair: limiter(LOGIN_LIMITS.pair),
      address: limiter(LOGIN_LIMITS.address),
      account: limiter(LOGIN_LIMITS.account),
      code: limiter(LOGIN_LIMITS.code),
    },
    mailLimiters: {
      name: limiter(MAIL_LIMITS.name),
      address: limiter(MAIL_LIMITS.address),
      links: limiter(MAIL_LIMITS.links),
      invitations: limiter(MAIL_LIMITS.invitations),
    },
    openId: settings.openId === undefined ? undefined : new OpenIdProvider(settings.openId, log),
    gitProviders: createProviders(settings.gitProviders),
    openIdLimiter: limiter(OPENID_LIMIT),
    registrationLimiter: limiter(registrationLimit(settings.registrationsPerHour)),
    hookLimiter: limiter(HOOK_LIMIT),
    exportLimiter: limiter(EXPORT_LIMIT),
    recentLogins: new SecretCache(),
    recentlySeen: new LRUCache(RECENTLY_SEEN),
    refusedLogins: new SecretCache(REFUSED_LOGIN_MS),
    cache: new ByteCache(CACHE_BYTES),
    searchTotals: new BriefCache(SEARCH_TOTALS),
    rareSearches: new LRUCache(RARE_SEARCHES),
    recentPulls: new LRUCache(RECENT_PULLS),
    activity: new CountBuffer((batch) => saveActivity(parts, batch), log),
  };
}
