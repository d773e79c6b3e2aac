/*
 * The actions by which an account or an organization can be taken over or lost. A session alone is not enough for any
 * of them, because browsers are left open and cookies are stolen. They need the password (and a code, if the second
 * factor is on), given with the request or to this session within the last ten minutes. No access token and no OAuth
 * scope is enough.
 *
 *   surface   what comes with the request                    and otherwise
 *   pages     a session that gave the password lately        a page asks for it, and then does what was asked for
 *   API       the same, or Basic with the password           403 `password_needed`: POST /api/v1.1/session/confirm/
 *   v1        Basic with the password                        there is nothing else
 *   CLI       an operator on the machine, who is trusted     -
 *
 * One of these depends on more than the route: who owns an organization. There, the feature itself checks whether the
 * team is the owners team (`team-members.ts`, `invitations.ts`).
 *
 * The surfaces look their routes up here. `tests/surfaces/guarded-actions.test.ts` walks this table and all routes and
 * commands, and fails when one that changes something is neither here nor in the test's list of other changes.
 */

/** An action, and where it can be done; routes as `METHOD path`, commands as they are typed. */
export interface GuardedAction {
  readonly api?: readonly string[];
  readonly pages?: readonly string[];
  readonly v1?: readonly string[];
  readonly cli?: readonly string[];
  /**
   * `password`: as above. `mailed link`: the secret of a mailed link is enough by itself. `own address`: a mailed link
   * is enough for the address that an account began with; for others the password is needed as well.
   */
  readonly proof: 'password' | 'mailed link' | 'own address';
}

const USER = '/api/v1.1/users/:username';
const ROBOT = '/api/v1.1/orgs/:org/robots/:name';
const ROBOT_PAGE = '/organizations/:org/robots/:robot';

export const GUARDED_ACTIONS = {
  'change the password': {
    api: [`PUT ${USER}/password/`],
    pages: ['POST /account/password/', 'POST /admin/users/:name/password/'],
    v1: ['PUT /v1/users/:username'],
    cli: ['user passwd'],
    proof: 'password',
  },
  'have a link to set a password mailed to a user': {
    pages: ['POST /admin/users/:name/reset/'],
    proof: 'password',
  },
  'set a forgotten password': {
    api: ['POST /api/v1.1/password/reset/confirm/'],
    pages: ['POST /account/reset/:secret'],
    proof: 'mailed link',
  },
  'add an address': {
    api: [`POST ${USER}/emails/`],
    pages: ['POST /account/emails/'],
    v1: ['PUT /v1/users/:username'],
    proof: 'password',
  },
  'confirm an address': {
    api: ['POST /api/v1.1/emails/confirm/'],
    pages: ['POST /account/confirm/:secret'],
    proof: 'own address',
  },
  'remove an address': {
    api: [`DELETE ${USER}/emails/`],
    pages: ['POST /account/emails/remove/'],
    proof: 'password',
  },
  'set the primary address': {
    api: [`PUT ${USER}/emails/primary/`],
    pages: ['POST /account/emails/primary/'],
    proof: 'password',
  },
  'turn the second factor on or off': {
    api: [`POST ${USER}/second-factor/`, `PUT ${USER}/second-factor/`, `DELETE ${USER}/second-factor/`],
    pages: [
      'POST /account/second-factor/begin/',
      'POST /account/second-factor/confirm/',
      'POST /account/second-factor/off/',
      'POST /admin/users/:name/second-factor/',
    ],
    cli: ['user second-factor-off'],
    proof: 'password',
  },
  'link or unlink a sign-in with a provider': {
    api: [`DELETE ${USER}/sign-ins/:id/`],
    pages: ['POST /account/sign-ins/link/', 'POST /account/sign-ins/unlink/'],
    cli: ['user unlink'],
    proof: 'password',
  },
  'renew the recovery codes': {
    api: [`POST ${USER}/second-factor/recovery-codes/`],
    pages: ['POST /account/second-factor/renew/'],
    proof: 'password',
  },
  'create an access token': {
    api: [`POST ${USER}/tokens/`, `POST ${ROBOT}/tokens/`],
    pages: ['POST /account/tokens/', `POST ${ROBOT_PAGE}/`],
    cli: ['token add'],
    proof: 'password',
  },
  'revoke an access token': {
    api: [`DELETE ${USER}/tokens/:id/`, `DELETE ${ROBOT}/tokens/:id/`],
    pages: ['POST /account/tokens/revoke/', `POST ${ROBOT_PAGE}/revoke/`],
    cli: ['token revoke'],
    proof: 'password',
  },
  'end other sessions': {
    api: [`DELETE ${USER}/sessions/`, `DELETE ${USER}/sessions/:id/`],
    pages: ['POST /account/sessions/end/', 'POST /account/sessions/end-others/'],
    proof: 'password',
  },
  'let a program act for the account': {
    pages: ['POST /api/v1.1/o/authorize/'],
    proof: 'password',
  },
  'end what a program may do': {
    api: [`DELETE ${USER}/authorizations/:client/`],
    pages: ['POST /account/applications/revoke/'],
    proof: 'password',
  },
  'create or delete a client of OAuth': {
    api: ['POST /api/v1.1/oauth-clients/', 'DELETE /api/v1.1/oauth-clients/:client_id/'],
    cli: ['oauth-client add', 'oauth-client delete'],
    proof: 'password',
  },
  'delete an organization or a robot': {
    api: ['DELETE /api/v1.1/orgs/:org/', `DELETE ${ROBOT}/`],
    pages: ['POST /organizations/:org/delete/', `POST ${ROBOT_PAGE}/delete/`],
    cli: ['org delete', 'org robot-delete'],
    proof: 'password',
  },
  'rename an account or an organization': {
    api: [`POST ${USER}/rename/`, 'POST /api/v1.1/orgs/:org/rename/'],
    pages: ['POST /account/username/', 'POST /organizations/:org/rename/'],
    cli: ['user rename', 'org rename'],
    proof: 'password',
  },
  'delete or convert an account': {
    api: [`DELETE ${USER}/`, `POST ${USER}/convert/`],
    pages: ['POST /account/delete/', 'POST /admin/users/:name/delete/', 'POST /admin/users/:name/convert/'],
    cli: ['user delete', 'org convert'],
    proof: 'password',
  },
  'free the name of what was deleted': {
    api: ['DELETE /api/v1.1/retired-names/:namespace/', 'DELETE /api/v1.1/retired-names/:namespace/:name/'],
    cli: ['retired-name free'],
    proof: 'password',
  },
  'make an administrator, or deactivate an account': {
    api: [`PUT ${USER}/status/`],
    pages: ['POST /admin/users/:name/status/'],
    cli: ['user activate', 'user deactivate', 'user admin'],
    proof: 'password',
  },
} as const satisfies Readonly<Record<string, GuardedAction>>;

const ACTIONS: readonly GuardedAction[] = Object.values(GUARDED_ACTIONS);

function keyOf(route: string): string {
  return route.replace(/(?<=.)\/$/, '');
}

const NEEDS_PASSWORD: ReadonlySet<string> = new Set(
  ACTIONS.filter(({ proof }) => proof === 'password')
    .flatMap(({ api = [], pages = [] }) => [...api, ...pages])
    .map(keyOf),
);

/**
 * Whether a route is only for users who gave the password lately.
 *
 * @param route - as its row has it; a slash at the end of the path does not matter
 */
export function needsPassword({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return NEEDS_PASSWORD.has(keyOf(`${method.toUpperCase()} ${path}`));
}
