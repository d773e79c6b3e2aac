import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StorageLimits } from './blobs/storage-room';
import { listeningUrl, type Config } from './config';
import { providersIn } from './config-providers';
import type { Context, OpenIdSettings, Settings } from './context';
import { createContext } from './create-context';
import { openData, poolSize } from './data';
import { ensureTokenKey, watchTokenKey } from './features/accounts/token-key';
import { enterPlaces, type EnteredPlaces } from './features/storage/places';
import type { DbConnection } from './platform/db/db';
import { migrate } from './platform/db/migrate';
import { explainingRights } from './platform/db/reach-database';
import { addressRule } from './platform/http/address-rules';
import { trustProxies } from './platform/http/client-address';
import { GuardedClient } from './platform/http/guarded-post';
import { PublicUrl } from './platform/http/public-url';
import type { Logger } from './platform/log/logger';
import { createMailer, type SmtpSettings } from './platform/mail/mailer';
import { closeWorkshops } from './workshops';
import { PasswordChecker, type PasswordLimits } from './platform/passwords/password-checker';

/** What a process needs to work; the server and the command line open the same. */
export interface Runtime {
  readonly ctx: Context;
  readonly connection: DbConnection;
  /** The names of the migrations that were applied at the start. */
  readonly appliedMigrations: readonly string[];
  /** Saves pending counts, closes the pool and leaves the embedded Postgres, if there is one. */
  close(): Promise<void>;
}

/** Interrupted uploads remove their partial files, unless the disk does not answer. */
const CLEANING_MS = 10_000;

/** Rights that were revoked at the other index end here after a minute. */
const INDEX_MS = 60_000;

/** Without a word about it, users of the provider may create accounts if everyone may. */
function openIdOf(config: Config): OpenIdSettings | undefined {
  const { DRYDOCK_OIDC_ISSUER: issuer, DRYDOCK_OIDC_CLIENT_ID: clientId } = config;
  if (issuer === undefined || clientId === undefined) return undefined;
  return {
    issuer,
    clientId,
    clientSecret: config.DRYDOCK_OIDC_CLIENT_SECRET,
    name: config.DRYDOCK_OIDC_NAME,
    scopes: config.DRYDOCK_OIDC_SCOPES,
    usernameClaim: config.DRYDOCK_OIDC_USERNAME_CLAIM,
    groupsClaim: config.DRYDOCK_OIDC_GROUPS_CLAIM,
    adminGroup: config.DRYDOCK_OIDC_ADMIN_GROUP,
    createsAccounts: config.DRYDOCK_OIDC_CREATE_ACCOUNTS ?? config.DRYDOCK_REGISTRATION === 'open',
  };
}

/** The features' part of the configuration. */
export function settingsOf(config: Config): Settings {
  const publicHost = config.DRYDOCK_PUBLIC_URL === undefined ? [] : [new URL(config.DRYDOCK_PUBLIC_URL).host];
  return {
    registrationOpen: config.DRYDOCK_REGISTRATION === 'open',
    openId: openIdOf(config),
    gitProviders: providersIn(config),
    registrationsPerHour: config.DRYDOCK_REGISTRATIONS_PER_HOUR,
    confirmationRequired: config.DRYDOCK_EMAIL_CONFIRMATION === 'required',
    hubLimits: config.DRYDOCK_HUB_LIMITS,
    registryEndpoints: config.DRYDOCK_REGISTRY_ENDPOINTS ?? publicHost,
    remoteIndex:
      config.DRYDOCK_INDEX_URL === undefined ? undefined : { url: config.DRYDOCK_INDEX_URL, rememberMs: INDEX_MS },
    standalone: config.DRYDOCK_STANDALONE,
    indexHosts: config.DRYDOCK_INDEX_HOSTS ?? [],
    v2Engines: config.DRYDOCK_V2_ENGINES,
    trustsProxy: trustProxies(config.DRYDOCK_TRUSTED_PROXIES ?? []),
    accelPrefix: config.DRYDOCK_ACCEL_PREFIX,
    redirects: config.DRYDOCK_S3_REDIRECT,
    publicUrl: config.DRYDOCK_PUBLIC_URL,
    corsOrigins: new Set(config.DRYDOCK_CORS_ORIGINS),
    auditDays: config.DRYDOCK_AUDIT_DAYS,
    keepUntaggedMs: config.DRYDOCK_KEEP_UNTAGGED * 24 * 3_600_000,
  };
}

const WAITING_LOGINS = 64;

/** All processes together compute no more hashes at once than there are cores. */
function passwordLimits(config: Config): PasswordLimits {
  const running = Math.max(1, Math.floor(availableParallelism() / config.DRYDOCK_WORKERS));
  return { cost: config.DRYDOCK_BCRYPT_COST, running, waiting: WAITING_LOGINS };
}

function storageLimits(config: Config): StorageLimits {
  return { limitBytes: config.DRYDOCK_STORAGE_LIMIT, reserveBytes: config.DRYDOCK_STORAGE_RESERVE };
}

function smtpSettings(config: Config): SmtpSettings | undefined {
  const { DRYDOCK_SMTP_URL: url, DRYDOCK_MAIL_FROM: from } = config;
  return url === undefined || from === undefined ? undefined : { url, from };
}

/** How to open a runtime. */
export interface RuntimeOptions {
  /** false for a worker process: its primary has migrated, and a newer version may have done so since */
  readonly migrates?: boolean;
  /** false for a command that works on data: a wrong directory or database then stays as it is */
  readonly creates?: boolean;
}

/**
 * Opens the database (our own server unless the configuration names one), brings its schema up to date, and opens the
 * blob store.
 *
 * @param stopping - aborts it: what was started by then is stopped
 * @throws the reason of `stopping` when that is aborted; an Error that tells the operator what is wrong
 */
export async function openRuntime(
  config: Config,
  log: Logger,
  stopping: AbortSignal,
  { migrates = true, creates = true }: RuntimeOptions = {},
): Promise<Runtime> {
  const data = await openData(config, log, stopping, { creates });
  const { db, connection, blobs, places } = data;
  const mailer = createMailer(smtpSettings(config), log);
  let entered: EnteredPlaces | undefined;
  const close = async (): Promise<void> => {
    mailer.close();
    await data.close();
  };
  try {
    const appliedMigrations = migrates ? await explainingRights(() => migrate(db, stopping)) : [];
    if (appliedMigrations.length > 0) log.info({ appliedMigrations }, 'the database schema was brought up to date');
    const use = (entered = await enterPlaces(data, places, stopping));
    const tokenKey = await ensureTokenKey({ db });
    stopping.throwIfAborted();
    const passwords = new PasswordChecker(passwordLimits(config));
    const guardedClient = new GuardedClient(addressRule(config.DRYDOCK_WEBHOOK_ALLOW ?? []));
    const publicUrl = new PublicUrl(config.DRYDOCK_PUBLIC_URL, listeningUrl(config, config.PORT));
    const settings = settingsOf(config);
    const parts = { db, blobs, log, settings, tokenKey, passwords, mailer, guardedClient, publicUrl };
    const ctx = createContext(parts, {
      storage: storageLimits(config),
      processes: config.DRYDOCK_WORKERS,
      connections: poolSize(config),
    });
    const unwatchKey = watchTokenKey(ctx);
    const stop = async (): Promise<void> => {
      unwatchKey();
      const cleaned = Promise.race([blobs.settled(), sleep(CLEANING_MS, undefined, { ref: false })]);
      await Promise.allSettled([ctx.activity.stop(), cleaned, use.leave()]);
      await closeWorkshops(ctx).catch((error: unknown) =>
        log.warn({ err: error }, 'could not close the worker threads'),
      );
      await close();
    };
    return { ctx, connection, appliedMigrations, close: stop };
  } catch (error) {
    await entered?.leave();
    await close();
    throw error;
  }
}
