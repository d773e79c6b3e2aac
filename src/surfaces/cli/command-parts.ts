import type { Context } from '../../context';
import type { UpgradedCluster } from '../../features/backups/upgrade-postgres';
import type { BackupNeeds } from '../../features/backups/back-up';
import type { CopyNeeds } from '../../features/storage/copy';

/** A new account, with a password that was not shown yet. */
export interface MadeAccount {
  readonly username: string;
  readonly password: string;
}

/** The accounts and repositories that `seed` created or found. */
export interface Seeded {
  readonly accounts: readonly MadeAccount[];
  /** `namespace/name`, or `name` for the library's */
  readonly repositories: readonly string[];
}

/** The options of `serve`; they count more than the environment. */
export interface ServeOptions {
  readonly port?: string;
  readonly data?: string;
}

/** The operations of the commands, given by the process. Each opens the database when it is called, and closes it. */
export interface CommandParts {
  readonly version: string;
  /** Runs the server until a signal stops it. */
  serve(options: ServeOptions): Promise<void>;
  /** Builds until a signal stops it. */
  build(): Promise<void>;
  /** Prints what a builder on this host lacks; resolves to whether it lacks nothing. */
  examineBuilder(): Promise<boolean>;
  /**
   * Runs work on data that exists.
   *
   * @throws Error when there is none
   */
  withContext<T>(work: (ctx: Context) => Promise<T>): Promise<T>;
  /**
   * Opens the data as they are, without a migration.
   *
   * @param options.creates - false: they must be there
   */
  withData<T>(work: (data: BackupNeeds) => Promise<T>, options: { readonly creates: boolean }): Promise<T>;
  /** Runs work on the storage of data that exist, as one of the processes that use it. */
  withStorage<T>(work: (storage: CopyNeeds & { readonly reserveBytes: number }) => Promise<T>): Promise<T>;
  /**
   * Upgrades the embedded Postgres.
   *
   * @param programs - the folder with the programs of the old version
   */
  upgradePostgres(programs: string | undefined): Promise<UpgradedCluster | undefined>;
  /** Brings the schema up to date; resolves to the names of the applied migrations. */
  migrate(): Promise<readonly string[]>;
  seed(): Promise<Seeded>;
}

/** The options of every listing. */
export interface ListingOptions {
  readonly json?: true;
}
