import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Provider as ProviderType } from 'oidc-provider';
import type { OpenIdSettings } from '../../src/context';
import { CALLBACK_PATH } from '../../src/features/openid/flow';
import type { Browsing, Seen } from './browse';

/** What the provider says about a user, in addition to `sub`. */
export type UserClaims = Readonly<Record<string, unknown>>;

/** What the next user does at the provider: logs in under this `sub`, or cancels. */
export type Doing = { readonly login: string } | { readonly error: string };

/** A real provider of OpenID Connect on a real socket. */
export interface TestProvider {
  readonly issuer: string;
  /** the settings of a server that uses it */
  readonly settings: OpenIdSettings;
  /** the users by their `sub` */
  readonly users: Map<string, UserClaims>;
  /** changes requests on their way to the provider, as an attacker or a broken proxy could; undefined: none */
  tamper: ((req: IncomingMessage) => void) | undefined;
  /** how often users had to log in */
  readonly logins: () => number;
  /** the provider does not answer */
  isDown: boolean;
  /** the bytes of its answers, for each path; it answers these instead of its own */
  readonly instead: Map<string, { readonly status: number; readonly body: string }>;
  /** lets users of this server in; call it once the server listens */
  serves(url: string): Promise<void>;
  /** What a browser sees that a server sends to the provider: the answer of the server after it came back. */
  visit(browsing: Browsing, toProvider: Seen, doing: Doing): Promise<Seen>;
  /** The URL of the server to which the provider sends the browser back. */
  wayBack(toProvider: Seen, doing: Doing): Promise<string>;
  close(): Promise<void>;
}

const CLIENT = { id: 'drydock', secret: 'the secret of the client: %&+' };

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** The cookies of one browser at the provider. */
class Jar {
  private readonly cookies = new Map<string, string>();

  keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }

  get header(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

/** The provider warns of what a test need not heed: its store in memory, and that it prefers a newer Node.js. */
async function withoutWarnings<T>(work: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}

async function createProvider(issuer: string, url: string, users: Map<string, UserClaims>): Promise<ProviderType> {
  const { Provider } = await import('oidc-provider');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${url}${CALLBACK_PATH}`],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomUUID() }] },
    cookies: { keys: [randomUUID()] },
    claims: {
      openid: ['sub'],
      profile: ['preferred_username', 'name'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    scopes: ['openid', 'profile', 'email', 'groups'],
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ ...users.get(sub), sub }) }),
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({ clientId: client!.clientId, accountId: session!.accountId! });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
    renderError: (ctx, { error }) => {
      ctx.body = `the provider refused: ${error}`;
    },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  });
}

/** Starts a provider; `settings` differ from those of a server that creates accounts. */
export async function startOpenIdProvider(settings: Partial<OpenIdSettings> = {}): Promise<TestProvider> {
  let handle: Handler = (_req, res) => res.writeHead(503).end();
  const server = createServer((req, res) => handle(req, res));
  const issuer = `http://127.0.0.1:${await listen(server)}`;
  const users = new Map<string, UserClaims>();
  const instead: TestProvider['instead'] = new Map();
  let logins = 0;
  let doing: Doing = { error: 'access_denied' };

  const wayBack = async (toProvider: Seen, next: Doing): Promise<string> => {
    doing = next;
    const jar = new Jar();
    let url = toProvider.location ?? '';
    for (let steps = 0; steps < 10; steps += 1) {
      if (!url.startsWith(issuer)) return url;
      const response = await fetch(url, { headers: { Cookie: jar.header }, redirect: 'manual' });
      jar.keep(response);
      const location = response.headers.get('location');
      if (location === null) throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
      url = new URL(location, url).href;
    }
    throw new Error('the provider redirects without an end');
  };

  const provider: TestProvider = {
    issuer,
    settings: {
      issuer,
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      name: 'Keycloak',
      scopes: 'openid profile email groups',
      usernameClaim: 'preferred_username',
      groupsClaim: 'groups',
      adminGroup: undefined,
      createsAccounts: true,
      ...settings,
    },
    users,
    tamper: undefined,
    logins: () => logins,
    isDown: false,
    instead,
    serves: async (url) => {
      const real = await withoutWarnings(() => createProvider(issuer, url, users));
      const callback = real.callback();
      const interact = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
        if ('error' in doing) return real.interactionFinished(req, res, doing, { mergeWithLastSubmission: false });
        logins += 1;
        const login = { accountId: doing.login };
        await real.interactionFinished(req, res, { login }, { mergeWithLastSubmission: false });
      };
      handle = (req, res) => {
        const { pathname } = new URL(req.url ?? '/', issuer);
        const answer = instead.get(pathname);
        if (provider.isDown) req.socket.destroy();
        else if (answer !== undefined) {
          res.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(answer.body);
        } else if (pathname.startsWith('/interaction/')) {
          interact(req, res).catch((error: unknown) => res.writeHead(500).end(String(error)));
        } else {
          provider.tamper?.(req);
          void callback(req, res);
        }
      };
    },
    wayBack,
    visit: async (browsing, toProvider, next) => {
      const back = new URL(await wayBack(toProvider, next));
      return browsing.get(back.pathname + back.search);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;
}
