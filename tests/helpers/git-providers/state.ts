import { createHash, randomBytes } from 'node:crypto';
import type { ProviderKind } from '../../../src/platform/providers/git-provider';

/** What the stand-in of a provider knows, and what was done there. */

export interface StandInUser {
  readonly number: number;
  readonly login: string;
}

export interface StandInHook {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly body: unknown;
}

export interface StandInKey {
  readonly id: string;
  readonly publicKey: string;
  readonly isReadOnly: boolean;
}

export interface StandInRepository {
  readonly number: number;
  readonly fullName: string;
  readonly isPrivate: boolean;
  readonly defaultBranch: string;
  /** the login that administers it */
  readonly admin: string;
  readonly hooks: StandInHook[];
  readonly keys: StandInKey[];
  readonly statuses: { readonly commit: string; readonly body: Readonly<Record<string, unknown>> }[];
}

interface Grant {
  readonly user: StandInUser;
  readonly scope: string;
  readonly challenge: string | undefined;
  readonly redirectUri: string;
}

export interface StandInToken {
  readonly user: StandInUser;
  readonly scope: string;
  refresh: string | undefined;
  isLive: boolean;
}

const random = (): string => randomBytes(12).toString('hex');

/** A provider: users, repositories, codes and tokens. */
export class ProviderState {
  readonly client: { readonly id: string; readonly secret: string };
  readonly users = new Map<string, StandInUser>();
  readonly repositories: StandInRepository[] = [];
  readonly tokens = new Map<string, StandInToken>();
  private readonly codes = new Map<string, Grant>();
  /** who is logged in at the provider in the next browser that comes */
  visitor = 'alice-there';
  /** undefined: tokens do not expire, and cannot be refreshed */
  expiresInSeconds: number | undefined;
  /** what the user allows instead of what was asked for; undefined: all of it */
  allowedScope: string | undefined;
  /** how often tokens were refreshed */
  refreshes = 0;
  /** answers that come instead of the next ones of the API, for paths that contain the text */
  readonly instead: {
    path: string;
    status: number;
    headers?: Record<string, string>;
    body?: unknown;
    times: number;
  }[] = [];
  /** the requests to the API, as `METHOD path` */
  readonly asked: string[] = [];

  constructor(readonly kind: ProviderKind) {
    this.client = { id: `client-of-${kind}`, secret: `s3cret-of-${kind}` };
    this.expiresInSeconds = kind === 'github' ? undefined : 7200;
    this.addUser('alice-there');
  }

  addUser(login: string): StandInUser {
    const user = { number: 100 + this.users.size, login };
    this.users.set(login, user);
    return user;
  }

  addRepository(fullName: string, options: Partial<StandInRepository> = {}): StandInRepository {
    const repository: StandInRepository = {
      number: 1000 + this.repositories.length,
      fullName,
      isPrivate: false,
      defaultBranch: 'main',
      admin: 'alice-there',
      hooks: [],
      keys: [],
      statuses: [],
      ...options,
    };
    this.repositories.push(repository);
    return repository;
  }

  /** The page on which the user allows access. @returns where the browser goes */
  authorize(query: URLSearchParams): string {
    const redirectUri = query.get('redirect_uri') ?? '';
    const back = new URL(redirectUri);
    if (query.get('client_id') !== this.client.id || query.get('response_type') !== 'code')
      throw new Error('the authorization request is not right');
    back.searchParams.set('state', query.get('state') ?? '');
    const user = this.users.get(this.visitor);
    if (user === undefined) {
      back.searchParams.set('error', 'access_denied');
      return back.href;
    }
    const code = random();
    const challenge = query.get('code_challenge') ?? undefined;
    this.codes.set(code, { user, scope: this.allowedScope ?? query.get('scope') ?? '', challenge, redirectUri });
    back.searchParams.set('code', code);
    return back.href;
  }

  /** The token endpoint. @returns the status and the body */
  token(form: URLSearchParams, basic: string | undefined): { status: number; body: object } {
    const isBasic = basic === Buffer.from(`${this.client.id}:${this.client.secret}`).toString('base64');
    const isInForm = form.get('client_id') === this.client.id && form.get('client_secret') === this.client.secret;
    if (this.kind === 'bitbucket' ? !isBasic : !isInForm) return this.refusal('invalid_client', 401);
    if (form.get('grant_type') === 'refresh_token') return this.refresh(form.get('refresh_token') ?? '');
    const code = form.get('code') ?? '';
    const grant = this.codes.get(code);
    this.codes.delete(code);
    if (grant === undefined || grant.redirectUri !== form.get('redirect_uri')) return this.refusal('invalid_grant');
    const verifier = form.get('code_verifier') ?? '';
    const isProved = createHash('sha256').update(verifier).digest('base64url') === grant.challenge;
    if (grant.challenge !== undefined && !isProved) return this.refusal('invalid_grant');
    return { status: 200, body: this.issue(grant.user, grant.scope) };
  }

  private refusal(error: string, status = 400): { status: number; body: object } {
    // GitHub answers 200, and has another name for a code that it does not know.
    if (this.kind !== 'github') return { status, body: { error, error_description: 'see the documentation' } };
    return { status: 200, body: { error: error === 'invalid_grant' ? 'bad_verification_code' : error } };
  }

  private refresh(refreshToken: string): { status: number; body: object } {
    const [, old] = [...this.tokens].find(([, token]) => token.refresh === refreshToken) ?? [];
    if (old === undefined) return this.refusal('invalid_grant');
    this.refreshes += 1;
    old.isLive = false;
    // A refresh token is good once, except for Bitbucket's.
    if (this.kind !== 'bitbucket') old.refresh = undefined;
    return { status: 200, body: this.issue(old.user, old.scope, this.kind === 'bitbucket' ? refreshToken : undefined) };
  }

  private issue(user: StandInUser, scope: string, keptRefresh?: string): object {
    const access = `${this.kind}-access-${random()}`;
    const expires = this.expiresInSeconds;
    const refresh = expires === undefined ? undefined : (keptRefresh ?? `${this.kind}-refresh-${random()}`);
    this.tokens.set(access, { user, scope, refresh, isLive: true });
    const common = { access_token: access, token_type: 'bearer' };
    const refreshed = expires === undefined ? {} : { refresh_token: refresh, expires_in: expires };
    if (this.kind === 'bitbucket')
      return { ...common, ...refreshed, scopes: 'account repository:admin webhook', state: 'authorization_code' };
    if (this.kind === 'gitea') return { ...common, ...refreshed };
    return { ...common, ...refreshed, scope };
  }

  /** The token of a request to the API. */
  liveToken(authorization: string | undefined): StandInToken | undefined {
    const token = this.tokens.get(/^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '');
    return token?.isLive === true ? token : undefined;
  }

  /** The user withdraws the access at the provider. */
  revokeAll(): void {
    for (const token of this.tokens.values()) {
      token.isLive = false;
      token.refresh = undefined;
    }
  }
}
