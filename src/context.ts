import type { LRUCache } from 'lru-cache';
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
import type { GitProvider, ProviderKind, ProviderSettings } from './platform/providers/git-provider';
import type { TrustsProxy } from './platform/http/client-address';
import type { GuardedClient } from './platform/http/guarded-post';
import type { LiveStreams } from './platform/http/live-streams';
import type { PublicUrl } from './platform/http/public-url';
import type { ConcurrencyLimit } from './platform/limits/concurrency-limit';
import type { FailureLimiter } from './platform/limits/failure-limiter';
import type { HeldBytes } from './platform/limits/held-bytes';
import type { WorkGate } from './platform/limits/work-gate';
import type { GatedThreads } from './platform/threads/gated-threads';
import type { Logger } from './platform/log/logger';
import type { Mailer } from './platform/mail/mailer';
import type { OpenIdProvider } from './platform/openid/openid-provider';
import type { PasswordChecker } from './platform/passwords/password-checker';

/** How users sign in with a provider of OpenID Connect. */
export interface OpenIdSettings {
  /** The provider, exactly as it names itself. */
  readonly issuer: string;
  readonly clientId: string;
  /** undefined: a public client, which PKCE alone protects */
  readonly clientSecret: string | undefined;
  /** What people call the provider; it is shown. */
  readonly name: string;
  /** What we ask the provider for; separated by spaces. */
  readonly scopes: string;
  /** The claim that proposes the username of a new account. */
  readonly usernameClaim: string;
  /** The claim with the groups; it may be a path, such as `realm_access.roles`. */
  readonly groupsClaim: string;
  /** The group whose members are site administrators. */
  readonly adminGroup: string | undefined;
  /** An unknown user of the provider may create an account. */
  readonly createsAccounts: boolean;
}

/** Settings of the operator that features follow. */
export interface Settings {
  /** Anonymous users may register. */
  readonly registrationOpen: boolean;
  /** Sign-in with a provider of OpenID Connect; undefined: there is none. */
  readonly openId: OpenIdSettings | undefined;
  /** The providers of git repositories whose accounts users can link. */
  readonly gitProviders: readonly ProviderSettings[];
  /** How many accounts may be registered from one network in an hour. */
  readonly registrationsPerHour: number;
  /** A new account stays inactive until it is confirmed. */
  readonly confirmationRequired: boolean;
  /** New names must follow the rules of the Hub: shorter, and without hyphens in namespaces. */
  readonly hubLimits: boolean;
  /** `host[:port]` of the registries that serve the images; empty: the host of the request. */
  readonly registryEndpoints: readonly string[];
  /** Another index, whose tokens are accepted here, too; its approval is remembered for `rememberMs`. */
  readonly remoteIndex: { readonly url: string; readonly rememberMs: number } | undefined;
  /** Engines must send Basic with every request, and no token (protocol 2.1). */
  readonly standalone: boolean;
  /** `host[:port]` of the hosts on which tags have the index's format (protocol 2.12). */
  readonly indexHosts: readonly string[];
  /** The lowest version of docker that may use the v2 API; `off`: there is no v2 API. */
  readonly v2Engines: { readonly major: number; readonly minor: number } | 'off';
  /** Which proxies to trust about the client's address. */
  readonly trustsProxy: TrustsProxy;
  /** A path below which an nginx in front of us finds the layers' files; undefined: we send them. */
  readonly accelPrefix: string | undefined;
  /** Clients may be sent to the bucket for layers. */
  readonly redirects: boolean;
  /** `https://host[:port]` under which users reach this server; undefined: the host of their request. */
  readonly publicUrl: string | undefined;
  /** Origins of other sites whose scripts may use the API and the v1 protocol in a browser. */
  readonly corsOrigins: ReadonlySet<string>;
  /** How long entries of the audit log are kept. */
  readonly auditDays: number;
  /** How long manifests are kept that no tag leads to. */
  readonly keepUntaggedMs: number;
}

/** The result of inspecting layers: JSON in UTF-8, or why there is none. */
export type Inspected =
  | { readonly bytes: Buffer }
  | {
      readonly refusal: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly retryAfterSeconds: number | undefined;
      };
    };

/** A repository that contains a blob. */
export interface BlobHolder {
  readonly namespace: string;
  readonly name: string;
  /** The images whose layer is the blob. */
  readonly imageIds: readonly string[];
  /** The tags that lead to one of these images. */
  readonly tags: readonly string[];
}

/** A column with a foreign key to `blobs`, and what the storage must know about it. */
export interface BlobReferrer {
  /** The column as `table.column`. */
  readonly column: string;
  /** An SQL condition: whether a row needs the blob whose digest is this SQL expression. */
  readonly isReferencedSql: (digest: string) => string;
  /** An SQL query: the digests that the repositories of a namespace point to; it may return one twice. */
  readonly ofNamespaceSql: (namespace: string) => string;
  /** Lists the repositories that have the blob through this column, by name: those that a damaged blob concerns. */
  readonly listHolders: (db: Db, digest: string) => Promise<BlobHolder[]>;
}

/** The parts that differ between processes, and between a server and a test. */
export interface ContextParts {
  readonly db: Db;
  readonly blobs: BlobStore;
  readonly log: Logger;
  readonly settings: Settings;
  /** Signs and verifies tokens; the same in all processes on one database. */
  readonly tokenKey: Buffer;
  readonly passwords: PasswordChecker;
  /** Posts to URLs that users chose. */
  readonly guardedClient: GuardedClient;
  readonly mailer: Mailer;
  /** The part of the URL before the paths of links. */
  readonly publicUrl: PublicUrl;
}

/**
 * The services of the process. Functions take the part they use: `Needs<'db' | 'blobs'>`. A new field is declared here
 * and gets its value in `createContext`, nowhere else.
 */
export interface Context extends ContextParts {
  /** The columns that point to blobs: gc frees a blob that none of them needs. */
  readonly blobReferrers: readonly BlobReferrer[];
  /** Admits layers while there is room. */
  readonly storageRoom: StorageRoom;
  /** The same for namespaces whose plan has a limit. */
  readonly namespaceRooms: StorageRooms;
  /** Limits the simultaneous layer uploads of each account in this process. */
  readonly layerUploads: ConcurrencyLimit;
  /** Counts wrong passwords and codes, for all processes on one database. */
  readonly loginLimiters: Readonly<Record<'pair' | 'address' | 'account' | 'code', FailureLimiter>>;
  /** Counts mails that anonymous users request. */
  readonly mailLimiters: Readonly<Record<'name' | 'address' | 'links' | 'invitations', FailureLimiter>>;
  /** The provider of OpenID Connect; undefined: none is configured. */
  readonly openId: OpenIdProvider | undefined;
  /** The providers of git repositories that are configured. */
  readonly gitProviders: ReadonlyMap<ProviderKind, GitProvider>;
  /** Counts sign-ins with the provider that failed, by network. */
  readonly openIdLimiter: FailureLimiter;
  /** Counts accounts that anonymous users register, by network. */
  readonly registrationLimiter: FailureLimiter;
  /** Counts hooks of git providers, by source. */
  readonly hookLimiter: FailureLimiter;
  /** Counts downloads of the data of an account. */
  readonly exportLimiter: FailureLimiter;
  /**
   * The identities of credentials that were verified recently. A caller must check them against the database in the
   * same request.
   */
  readonly recentLogins: SecretCache<{
    readonly userId: number;
    readonly credentialsEpoch: number;
    readonly accessTokenId?: number | undefined;
  }>;
  /** The accounts whose last use was noted in the last minutes, so that not each login writes it. */
  readonly recentlySeen: LRUCache<number, true>;
  /** Credentials that were refused in the last seconds, so that a client that repeats them at once fails once. */
  readonly refusedLogins: SecretCache<{ readonly isRefused: true }>;
  /** A cache of immutable bytes, and of lists together with their version. */
  readonly cache: ByteCache;
  /** The total number of results of searches, a few seconds old. */
  readonly searchTotals: BriefCache<number>;
  /** Searches of the last minute that the first repositories did not fill, and the number of hits among these. */
  readonly rareSearches: LRUCache<string, number>;
  /** Inspect layers for readers. */
  readonly layerReaders: GatedThreads;
  /** Check pushed layers; slow checks have threads of their own. */
  readonly layerChecks: { readonly quick: GatedThreads; readonly slow: GatedThreads };
  /** Remembers the results of inspecting layers, and does the same work once for all callers. */
  readonly inspected: KeptWork<Inspected>;
  /** Limits the answers that are sent while something goes on, such as the log of a build, and ends them. */
  readonly liveStreams: LiveStreams;
  /** Limits the long answers that are being sent from memory. */
  readonly heldAnswers: HeldBytes;
  /** Write HTML from long texts of users. */
  readonly textWriters: GatedThreads;
  /** Unpack layers and pack them again in gzip. */
  readonly layerPackers: GatedThreads;
  /** Lets a few layers of v1 be read at once for clients of v2, in turns of their namespaces. */
  readonly layerDescriptions: WorkGate;
  /** Lets a few searches run at once, so that other requests find a connection to the database. */
  readonly searches: WorkGate;
  /** The pulls of the last minutes, so that a client that reads several manifests of one image counts once. */
  readonly recentPulls: LRUCache<string, true>;
  /** Counts pulls and pushes by repository and User-Agent, in this process. */
  readonly activity: CountBuffer<'pull' | 'push'>;
}

/** The named part of the context. */
export type Needs<K extends keyof Context> = Pick<Context, K>;
