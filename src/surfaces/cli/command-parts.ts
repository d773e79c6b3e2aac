import type { Context } from '../../context';

/** An account that was made with a password that nobody has seen yet. */
export interface MadeAccount {
  readonly username: string;
  readonly password: string;
}

/** What `seed` made or found. */
export interface Seeded {
  readonly accounts: readonly MadeAccount[];
  /** `namespace/name`, or `name` for the library's */
  readonly repositories: readonly string[];
}

/** What the commands are handed by the process. Each opens the database when it is called, and closes it again. */
export interface CommandParts {
  readonly version: string;
  /** Runs the server until it is told to stop. */
  serve(): Promise<void>;
  withContext<T>(work: (ctx: Context) => Promise<T>): Promise<T>;
  /** Brings the schema up to date; resolves to the names of what was applied. */
  migrate(): Promise<readonly string[]>;
  seed(): Promise<Seeded>;
}

/** Every listing has it. */
export interface ListingOptions {
  readonly json?: true;
}
