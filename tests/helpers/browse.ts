import request from 'supertest';
import { createSession } from '../../src/features/accounts/sessions';
import type { TestServer } from './test-server';

/** A page as a browser without scripts receives it. */
export interface Seen {
  readonly status: number;
  readonly html: string;
  readonly location: string | undefined;
}

/** Visits pages and sends forms as a browser without scripts does: with cookies, and with the token of the page. */
export class Browsing {
  private readonly cookies = new Map<string, string>();

  /** @param server - in this process, or the URL of another */
  constructor(private readonly server: TestServer['server'] | string) {}

  private keep(values: string | readonly string[] | undefined): void {
    for (const value of typeof values === 'string' ? [values] : (values ?? [])) {
      const [pair = ''] = value.split(';');
      const at = pair.indexOf('=');
      const name = pair.slice(0, at);
      if (/Max-Age=0(;|$)/.test(value)) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(at + 1));
    }
  }

  private cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  private seen(response: request.Response): Seen {
    this.keep(response.headers['set-cookie']);
    const body: unknown = response.body;
    const html = Buffer.isBuffer(body) ? body.toString() : response.text; // a picture arrives as bytes
    return { status: response.status, html, location: response.headers['location'] };
  }

  async get(path: string): Promise<Seen> {
    return this.seen(
      await request(this.server).get(path).set('Cookie', this.cookieHeader()).set('Accept', 'text/html'),
    );
  }

  /** Sends a form of one of our pages. */
  async send(path: string, fields: Readonly<Record<string, string>>, from = path): Promise<Seen> {
    const page = await this.get(from);
    const token = /name="csrf_token" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
    return this.post(path, { csrf_token: token, ...fields });
  }

  /** Sends only the given fields. */
  async post(path: string, fields: Readonly<Record<string, string>>): Promise<Seen> {
    const body = new URLSearchParams(fields).toString();
    const sent = request(this.server).post(path).set('Cookie', this.cookieHeader()).set('Accept', 'text/html');
    return this.seen(await sent.type('form').send(body));
  }

  /** What the browser keeps under a name. */
  cookie(name: string): string | undefined {
    return this.cookies.get(name);
  }

  /** Starts as a logged-in user. */
  setCookie(name: string, value: string): void {
    this.cookies.set(name, value);
  }
}

/** A browser in which a user is logged in. */
export async function browseAs({ server, ctx }: TestServer, username: string): Promise<Browsing> {
  const browsing = new Browsing(server);
  const user = await ctx.db('users').where({ username }).first('id', 'credentials_epoch');
  const identity = { userId: Number(user.id), credentialsEpoch: Number(user.credentials_epoch) };
  const doer = { userId: identity.userId, name: username, address: '127.0.0.1' };
  const { secret } = await createSession(ctx, identity, doer, 'a browser');
  browsing.setCookie('drydock_session', secret);
  return browsing;
}
