import type * as OpenIdClient from 'openid-client';
import { CLOCKS_DIFFER_SECONDS } from '../clocks';
import type { Logger } from '../log/logger';
import type { AppError } from '../errors';
import { boundedFetch } from './bounded-fetch';
import { failureReason } from './failure-reason';
import { unreachable } from './sign-in-failure';

/*
 * What a provider says about itself is read when the first user signs in, so that a provider that is down does not keep
 * this server from starting. It is read again from time to time; while that fails, what is known stays in use.
 */

type Library = typeof OpenIdClient;
type Configuration = InstanceType<Library['Configuration']>;

/** A provider as its operator configured it. */
export interface ProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly name: string;
  readonly scopes: string;
}

/** The library, and the provider in its terms. */
export interface Discovered {
  readonly library: Library;
  readonly configuration: Configuration;
}

const REQUEST_SECONDS = 10;
const ANSWER_BYTES = 512 * 1024;
const FRESH_MS = 3_600_000;

/** Visitors who try again at once get the failure of the last seconds. */
const FAILURE_MS = 5000;

/** The way in which the provider wants the secret; without a word from it, that of OpenID Connect Core 1.0 (9). */
function authentication(library: Library, secret: string | undefined): ReturnType<Library['ClientSecretPost']> {
  if (secret === undefined) return library.None();
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const isBasic = methods.includes('client_secret_basic');
    const way = isBasic ? library.ClientSecretBasic(secret) : library.ClientSecretPost(secret);
    way(server, client, body, headers);
  };
}

async function discover({ issuer, clientId, clientSecret }: ProviderSettings): Promise<Discovered> {
  const library = await import('openid-client'); // an ES module, and needed only if a provider is configured
  const isPlain = issuer.startsWith('http:');
  const configuration = await library.discovery(
    new URL(issuer),
    clientId,
    // An ID token of Keycloak lasts five minutes: it must not be over for a host whose clock is ahead.
    { [library.clockTolerance]: CLOCKS_DIFFER_SECONDS / 2 },
    authentication(library, clientSecret),
    {
      timeout: REQUEST_SECONDS,
      [library.customFetch]: boundedFetch(ANSWER_BYTES) as never,
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is marked so that nobody uses it by accident
      execute: [library.enableNonRepudiationChecks, ...(isPlain ? [library.allowInsecureRequests] : [])],
    },
  );
  return { library, configuration };
}

/** Reads what a provider says about itself, once for all visitors. */
export class Discovery {
  private known: { readonly found: Discovered; readonly at: number } | undefined;
  private failed: { readonly error: AppError; readonly at: number } | undefined;
  private running: Promise<Discovered> | undefined;

  constructor(
    private readonly settings: ProviderSettings,
    private readonly log: Logger,
  ) {}

  /** @throws AppError `unavailable` when the provider does not answer, or is another one */
  async get(): Promise<Discovered> {
    const now = performance.now();
    if (this.known !== undefined && now - this.known.at < FRESH_MS) return this.known.found;
    if (this.failed !== undefined && now - this.failed.at < FAILURE_MS) {
      if (this.known !== undefined) return this.known.found;
      throw this.failed.error;
    }
    this.running ??= this.read().finally(() => (this.running = undefined));
    return this.running;
  }

  private async read(): Promise<Discovered> {
    try {
      const found = await discover(this.settings);
      this.known = { found, at: performance.now() };
      this.failed = undefined;
      return found;
    } catch (error) {
      const failure = this.failure(error);
      this.failed = { error: failure, at: performance.now() };
      if (this.known !== undefined) return this.known.found;
      throw failure;
    }
  }

  private failure(error: unknown): AppError {
    const { issuer, name } = this.settings;
    const reason = failureReason(error);
    this.log.warn({ issuer, reason }, 'the OpenID provider cannot be used: check DRYDOCK_OIDC_ISSUER');
    return unreachable(name);
  }
}
