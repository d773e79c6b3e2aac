import type { BlobStore } from './blobs/blob-store';
import type { StorageRoom } from './blobs/storage-room';
import type { ErrorCode } from './platform/errors';
import type { StorageRooms } from './blobs/storage-rooms';
import type { BriefCache } from './platform/cache/brief-cache';
import type { ByteCache } from './platform/cache/byte-cache';
import type { SecretCache } from './platform/cache/secret-cache';
import type { KeptWork } from './platform/cache/kept-work';
import type { CountBuffer } from './platform/counts/count-buffer';
import type { Db } from './platform/db/db';
import type { TrustsProxy } from './platform/http/client-address';
import type { GuardedClient } from './platform/http/guarded-post';
import type { PublicUrl } from './platform/http/public-url';
import type { ConcurrencyLimit } from './platform/limits/concurrency-limit';
import type { FailureLimiter } from './platform/limits/failure-limiter';
import type { HeldBytes } from './platform/limits/held-bytes';
import type { WorkGate } from './platform/limits/work-gate';
import type { GatedThreads } from './platform/threads/gated-threads';
import type { Logger } from './platform/log/logger';
import type { Mailer } from './platform/mail/mailer';
import type { PasswordChecker } from './platform/passwords/password-checker';

/** What the operator decided and features obey. */
export interface Settings {
  /** a stranger may register */
  readonly registrationOpen: boolean;
  /** how many accounts may be registered from one network in an hour */
  readonly registrationsPerHour: number;
  /** a new account stays inactive until it is confirmed */
  readonly confirmationRequired: boolean;
  /** new names are held to the rules of the Hub: shorter, and without hyphens in namespaces */
  readonly hubLimits: boolean;
  /** `host[:port]` of the registries that serve the images; empty: the host that the request came to */
  readonly registryEndpoints: readonly string[];
  /** another index, whose tokens are good here, too; its yes counts for `rememberMs` */
  readonly remoteIndex: { readonly url: string; readonly rememberMs: number } | undefined;
  /** engines shall send Basic on every request, and no token (protocol 2.1) */
  readonly standalone: boolean;
  /** `host[:port]` of the hosts on which tags have the index's shape (protocol 2.12) */
  readonly indexHosts: readonly string[];
  /** which proxies say the truth about the client's address */
  readonly trustsProxy: TrustsProxy;
  /** a path below which an nginx in front of us finds the layers' files; undefined: we send them */
  readonly accelPrefix: string | undefined;
  /** `https://host[:port]` under which people reach this; undefined: the host that their request came to */
  readonly publicUrl: string | undefined;
  /** origins of pages elsewhere whose scripts may use the API and the v1 protocol in a browser */
  readonly corsOrigins: ReadonlySet<string>;
  /** how long the audit log goes back */
  readonly auditDays: number;
}

/** What looking into layers came to: JSON in UTF-8, or why there is none. */
export type Inspected =
  | { readonly bytes: Buffer }
  | {
      readonly refusal: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly retryAfterSeconds: number | undefined;
      };
    };

/** A repository that has a blob. */
export interface BlobHolder {
  readonly namespace: string;
  readonly name: string;
  /** the images that have it as their layer */
  readonly imageIds: readonly string[];
  /** that lead to one of these images */
  readonly tags: readonly string[];
}

/** A column with a foreign key to `blobs`, and what the storage must know about it. */
export interface BlobReferrer {
  /** `table.column` */
  readonly column: string;
  /** an SQL condition: whether a row needs the blob whose digest is this SQL expression */
  readonly isReferencedSql: (digest: string) => string;
  /** an SQL query: the digests that the repositories of a namespace point to; it may give one twice */
  readonly ofNamespaceSql: (namespace: string) => string;
  /** Lists the repositories that have the blob through this column, by name: those that a damaged blob concerns. */
  readonly listHolders: (db: Db, digest: string) => Promise<BlobHolder[]>;
}

/** What differs from process to process, and from a server to a test. */
export interface ContextParts {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly log: Logger;
  readonly settings: Settings;
  /** signs and verifies tokens; the same in all processes on one database */
  readonly tokenKey: Buffer;
  readonly passwords: PasswordChecker;
  /** posts to URLs that users chose */
  readonly guardedClient: GuardedClient;
  readonly mailer: Mailer;
  /** what stands before the paths of links */
  readonly publicUrl: PublicUrl;
}

/**
 * What the process can do. Functions take the part they use: `Needs<'db' | 'blobs'>`. A new field is declared here and
 * gets its value in `createContext`, nowhere else.
 */
export interface Context extends ContextParts {
  /** the columns that point to blobs: gc frees a blob that none of them needs */
  readonly blobReferrers: readonly BlobReferrer[];
  /** lets layers in while there is room */
  readonly storageRoom: StorageRoom;
  /** the same for namespaces whose plan has a limit */
  readonly namespaceRooms: StorageRooms;
  /** of each pusher, in this process */
  readonly layerUploads: ConcurrencyLimit;
  /** count wrong passwords and codes, for all processes on one database */
  readonly loginLimiters: Readonly<Record<'pair' | 'address' | 'account' | 'code', FailureLimiter>>;
  /** count mails that strangers ask for */
  readonly mailLimiters: Readonly<Record<'name' | 'address' | 'links' | 'invitations', FailureLimiter>>;
  /** counts accounts that strangers register, by network */
  readonly registrationLimiter: FailureLimiter;
  /**
   * the identities of credentials that were right lately; whoever uses one must hold it against the database in the
   * same request
   */
  readonly recentLogins: SecretCache<{
    readonly userId: number;
    readonly credentialsEpoch: number;
    readonly accessTokenId?: number | undefined;
  }>;
  /** remembers immutable bytes, and lists with the version that they are of */
  readonly cache: ByteCache;
  /** how much there was to find, some seconds ago */
  readonly searchTotals: BriefCache<number>;
  /** look into layers for readers */
  readonly layerReaders: GatedThreads;
  /** check what engines pushed: what takes long has threads of its own */
  readonly layerChecks: { readonly quick: GatedThreads; readonly slow: GatedThreads };
  /** remembers what was found in layers, and does the same once for all who ask */
  readonly inspected: KeptWork<Inspected>;
  /** bounds the long answers that are being sent from memory */
  readonly heldAnswers: HeldBytes;
  /** write HTML from long texts of strangers */
  readonly textWriters: GatedThreads;
  /** lets a few searches run at once, so that the others find a connection to the database */
  readonly searches: WorkGate;
  /** counts what is pulled and pushed by repository and User-Agent, in this process */
  readonly activity: CountBuffer<'pull' | 'push'>;
}

/** The named part of the context. */
export type Needs<K extends keyof Context> = Pick<Context, K>;
