/** What a token allows: `write` includes reading, `delete` includes reading (protocol 3.5). */
export type TokenAccess = 'read' | 'write' | 'delete';

/**
 * What an actor may do with a repository: each level includes the one before. It is also what an access token allows.
 */
export type AccessLevel = (typeof ACCESS_LEVELS)[number];
export const ACCESS_LEVELS = ['read', 'write', 'admin'] as const;

/** A repository by name, normalised: the namespace is never empty. */
export interface RepositoryName {
  readonly namespace: string;
  readonly name: string;
}

/** The account that an actor speaks for, as it was when its credentials were checked or its token was signed. */
export interface Identity {
  readonly userId: number;
  /** goes up with every password change; an identity with an older one has ended, unless it has an access token */
  readonly credentialsEpoch: number;
  /** of the access token that was used; undefined: a password was */
  readonly accessTokenId?: number | undefined;
}

/**
 * How an actor has shown that the account is theirs.
 *
 *   password       it came with this request, and no second factor is on
 *   recent_login   a session that was given the password, and a code where the second factor is on, minutes ago
 *   old_login      a session that was given them longer ago: another person may use the browser now
 *   access_token   of the account, or of a robot
 */
export type Proof = 'password' | 'recent_login' | 'old_login' | 'access_token';

/**
 * Who asks. Signatures and passwords are verified by then. Whether the account still exists and is active is read
 * together with what is asked for, so that a change takes effect at once on every process.
 */
export type Actor = Readonly<{ address: string }> &
  (
    | Readonly<{ kind: 'anonymous' }>
    | Readonly<{
        kind: 'user';
        identity: Identity;
        proof: Proof;
        /** a running build of this repository, which acts for the account */
        build?: { readonly id: number; readonly repositoryId: number };
      }>
    /**
     * A program that acts for a user by OAuth. It has no identity here: code that asks for the account behind an actor
     * finds none, so a program can do only what an endpoint lets its scope do.
     */
    | Readonly<{ kind: 'program'; userId: number }>
    /** A person at the command line of the machine: they may do everything, and have no account. */
    | Readonly<{ kind: 'operator' }>
    | Readonly<{
        kind: 'token';
        /** undefined: the token was given to an anonymous caller */
        identity: Identity | undefined;
        repository: RepositoryName;
        access: TokenAccess;
        /** differs between any two tokens */
        nonce: string;
        /** only when another index gave the token out, and vouches for it */
        guest?: {
          /** the images that the repository's list has there: these may be pushed */
          readonly imageIds: ReadonlySet<string>;
        };
      }>
  );

/** An access token that is in use, and what it allows. */
export interface AccessTokenUse {
  readonly id: number;
  readonly access: AccessLevel;
  /** only for some repositories, and for nothing else */
  readonly isLimited: boolean;
}

/** An account that may act now: it exists, is active, and its credentials have not changed since the actor got them. */
export interface Account {
  readonly userId: number;
  readonly username: string;
  /** a site administrator */
  readonly isAdmin: boolean;
  /** the organization that a robot works for */
  readonly robotOf: string | undefined;
  /** the access token that was used; undefined: the account logged in by itself */
  readonly accessToken: AccessTokenUse | undefined;
}

/** The account of a user who did not use an access token. */
export function accountOf(row: { user_id: number; username: string; is_admin: boolean }): Account {
  const { user_id: userId, username, is_admin: isAdmin } = row;
  return { userId, username, isAdmin, robotOf: undefined, accessToken: undefined };
}

/** Someone whom another index vouches for: they have no account here, and may use one repository of that index. */
export interface Guest {
  readonly userId: undefined;
  readonly username: undefined;
  readonly isAdmin: false;
  readonly access: TokenAccess;
}

/**
 * The user of a good access token that is not for what was asked: they have no account there, and see what an anonymous
 * caller sees. Logging in again would not help them.
 */
export interface Outsider {
  readonly userId: undefined;
  readonly username: undefined;
  readonly isAdmin: false;
  readonly access: undefined;
}

export const OUTSIDER: Outsider = { userId: undefined, username: undefined, isAdmin: false, access: undefined };

/** The operator of the server: no account, and the rights of an administrator. */
export interface Operator {
  readonly userId: undefined;
  readonly username: undefined;
  readonly isAdmin: true;
  readonly access: undefined;
}

export const OPERATOR_PRINCIPAL: Operator = {
  userId: undefined,
  username: undefined,
  isAdmin: true,
  access: undefined,
};

/** The actor at the command line. */
export const OPERATOR_ACTOR: Extract<Actor, { kind: 'operator' }> = { kind: 'operator', address: 'command line' };

/** The account behind an actor, a guest, an outsider or the operator; undefined for an anonymous actor. */
export type Principal = Account | Guest | Outsider | Operator | undefined;

/** Whether the principal is known here. */
export function isAccount(principal: Principal): principal is Account {
  return principal?.userId !== undefined;
}

/** Whether the principal is the operator. */
export function isOperator(principal: Principal): principal is Operator {
  return principal?.isAdmin === true && principal.userId === undefined;
}

/** The actor of a name and password that came with the request, or of an access token instead of the password. */
export function basicActor(identity: Identity, address: string): Extract<Actor, { kind: 'user' }> {
  const proof = identity.accessTokenId === undefined ? 'password' : 'access_token';
  return { kind: 'user', identity, address, proof };
}

/**
 * The identity whose rights decide what the actor finds in a list or a search. A token of the protocol stands for a push
 * or a pull of one repository, and finds what an anonymous caller finds.
 */
export function finderOf(actor: Actor): Identity | undefined {
  return actor.kind === 'user' ? actor.identity : undefined;
}

/** The account whose credentials an actor has, also if it acts as a program; undefined: none. */
export function userIdOf(actor: Actor | undefined): number | undefined {
  if (actor?.kind === 'program') return actor.userId;
  return actor === undefined ? undefined : identityOf(actor)?.userId;
}

/** The identity that an actor brings, if any: anonymous callers, programs and the operator have none. */
export function identityOf(actor: Actor): Identity | undefined {
  return actor.kind === 'user' || actor.kind === 'token' ? actor.identity : undefined;
}
