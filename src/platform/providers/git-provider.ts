/** The providers of git repositories whose accounts users can link. */
export const PROVIDER_KINDS = ['github', 'bitbucket', 'gitlab', 'gitea'] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

/**
 * What a user lets us do: `full` sees private repositories, and adds hooks, deploy keys and statuses; `limited` only
 * reads public repositories.
 */
export type ProviderAccess = 'full' | 'limited';

/** A provider as its operator configured it, with the OAuth client that was registered there. */
export interface ProviderSettings {
  readonly kind: ProviderKind;
  /** without a slash at its end */
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What the provider gave for an authorization. */
export interface ProviderTokens {
  readonly accessToken: string;
  /** undefined: the access token does not expire, or cannot be refreshed */
  readonly refreshToken: string | undefined;
  readonly expiresInSeconds: number | undefined;
  /** undefined: the provider does not say */
  readonly scopes: readonly string[] | undefined;
}

export interface ProviderUser {
  /** stays the same when the user is renamed */
  readonly id: string;
  readonly login: string;
}

export interface RemoteRepository {
  /** by which the calls below name it */
  readonly id: string;
  readonly fullName: string;
  readonly httpsUrl: string;
  readonly sshUrl: string;
  readonly isPrivate: boolean;
  readonly defaultBranch: string | undefined;
}

export interface RepositoryQuery {
  readonly access: ProviderAccess;
  /** a part of the name; empty: all */
  readonly search: string;
  /** `next` of the page before; undefined: the first page */
  readonly cursor: string | undefined;
  readonly user: ProviderUser;
}

export interface RepositoryPage {
  readonly repositories: readonly RemoteRepository[];
  /** undefined: this page is the last */
  readonly next: string | undefined;
}

/** `superseded`: a newer commit was built instead. */
export type CommitState = 'pending' | 'running' | 'success' | 'failure' | 'error' | 'superseded';

export interface CommitStatus {
  readonly commit: string;
  readonly state: CommitState;
  /** names the check; a status replaces the one with the same context */
  readonly context: string;
  readonly url: string;
  readonly description: string;
}

/** The secrets of an authorization that began here. */
export interface AuthorizationRequest {
  readonly state: string;
  /** of PKCE; providers without PKCE ignore it */
  readonly verifier: string;
  readonly redirectUri: string;
}

/**
 * A provider. All functions throw `ProviderError` when it does not answer, refuses, or answers in a shape that its
 * documentation does not have.
 */
export interface GitProvider {
  readonly kind: ProviderKind;
  /** what people call it */
  readonly name: string;
  readonly baseUrl: string;

  /** The URL to which a browser goes to allow access. */
  authorizationUrl(request: AuthorizationRequest, access: ProviderAccess): string;
  exchangeCode(request: AuthorizationRequest, code: string): Promise<ProviderTokens>;
  refresh(refreshToken: string): Promise<ProviderTokens>;
  /** Ends the tokens, if the provider can. */
  revoke(tokens: Pick<ProviderTokens, 'accessToken' | 'refreshToken'>): Promise<void>;
  /** Whether these tokens have full access, as far as the provider says. */
  hasFullAccess(tokens: Pick<ProviderTokens, 'scopes'>): boolean;

  user(token: string): Promise<ProviderUser>;
  /** The repositories that the user administers; with `limited` access the public ones that they can reach. */
  repositories(token: string, query: RepositoryQuery): Promise<RepositoryPage>;
  /** A repository by its full name. */
  repository(token: string, fullName: string): Promise<RemoteRepository>;

  /** Adds a hook for pushes, unless there is one with this URL. @returns its id */
  addHook(token: string, repository: string, hook: { readonly url: string; readonly secret: string }): Promise<string>;
  /** Removes a hook; one that is gone is not an error. */
  removeHook(token: string, repository: string, id: string): Promise<void>;
  /** Adds a read-only deploy key, unless it is there. @returns its id */
  addKey(
    token: string,
    repository: string,
    key: { readonly title: string; readonly publicKey: string },
  ): Promise<string>;
  /** Removes a deploy key; one that is gone is not an error. */
  removeKey(token: string, repository: string, id: string): Promise<void>;
  setStatus(token: string, repository: string, status: CommitStatus): Promise<void>;
}
