/** What a token allows: `write` includes reading, `delete` includes reading (protocol 3.5). */
export type TokenAccess = 'read' | 'write' | 'delete';

/** What one may do with a repository, each including the one before; also what an access token allows. */
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
 * How somebody has shown that an account is theirs.
 *
 *   password       it came with this request, and no second factor is on
 *   recent_login   a session that was given the password, and a code where the second factor is on, minutes ago
 *   old_login      a session that was given them longer ago: somebody else may hold the browser now
 *   access_token   of the account, or of a robot
 */
export type Proof = 'password' | 'recent_login' | 'old_login' | 'access_token';

/**
 * Who asks. Signatures and passwords are verified by then; whether the account still exists and is active is read
 * together with what is asked for, so that a change takes effect at once on every process.
 */
export type Actor = Readonly<{ address: string }> &
  (
    | Readonly<{ kind: 'anonymous' }>
    | Readonly<{ kind: 'user'; identity: Identity; proof: Proof }>
    /**
     * A program that a user lets act by OAuth. It has no identity here: whatever asks for the account behind an actor
     * finds nobody, so that a program can do only what an endpoint lets its scope do.
     */
    | Readonly<{ kind: 'program'; userId: number }>
    /** Somebody at the command line of the machine: they may do everything, and have no account. */
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

/** What the access token allows that somebody uses. */
export interface AccessTokenUse {
  readonly id: number;
  readonly access: AccessLevel;
  /** to some repositories, and nothing beside them */
  readonly isLimited: boolean;
}

/** An account that may act now: it exists, is active, and its credentials have not changed meanwhile. */
export interface Account {
  readonly userId: number;
  readonly username: string;
  /** of the site */
  readonly isAdmin: boolean;
  /** the organization that a robot works for */
  readonly robotOf: string | undefined;
  /** the access token that was used; undefined: the account logged in by itself */
  readonly accessToken: AccessTokenUse | undefined;
}

/** The account of somebody who did not come by an access token. */
export function accountOf(row: { user_id: number; username: string; is_admin: boolean }): Account {
  const { user_id: userId, username, is_admin: isAdmin } = row;
  return { userId, username, isAdmin, robotOf: undefined, accessToken: undefined };
}

/** Somebody whom another index vouches for: no account here, and one repository of that index to work on. */
export interface Guest {
  readonly userId: undefined;
  readonly username: undefined;
  readonly isAdmin: false;
  readonly access: TokenAccess;
}

/**
 * Somebody whose access token is good, but is not for what was asked: they have no account there, and see what an
 * anonymous caller sees. Logging in again would not help them.
 */
export interface Outsider {
  readonly userId: undefined;
  readonly username: undefined;
  readonly isAdmin: false;
  readonly access: undefined;
}

export const OUTSIDER: Outsider = { userId: undefined, username: undefined, isAdmin: false, access: undefined };

/** The operator of the site: no account, and the rights of an administrator. */
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

/** The actor of a name and password that came with the request, or of an access token in the password's place. */
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

/** The identity that an actor brings, if any: anonymous callers, programs and the operator have none. */
export function identityOf(actor: Actor): Identity | undefined {
  return actor.kind === 'user' || actor.kind === 'token' ? actor.identity : undefined;
}
