import request from 'supertest';
import { browseAs, Browsing } from '../../helpers/browse';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

/** The colours in which a page is sent. */
function colours(html: string): { scheme: string | undefined; media: string | undefined; pressed: string[] } {
  return {
    scheme: /<meta name="color-scheme" content="([^"]+)"/.exec(html)?.[1],
    media: /dark\.css" media="([^"]+)"/.exec(html)?.[1],
    pressed: [...html.matchAll(/aria-pressed="true">(\w+)</g)].map(([, label = '']) => label),
  };
}

describe('the theme', () => {
  it('is that of the system, until a visitor without any cookie chooses another one, and again after that', async () => {
    const visitor = new Browsing(server.server);
    const { html } = await visitor.get('/explore/?sort=stars');
    const system = { scheme: 'light dark', media: '(prefers-color-scheme: dark)', pressed: ['System'] };
    expect(colours(html)).toEqual(system);
    expect(html).not.toContain('csrf_token');
    const page = await request(server.server)
      .post('/theme/')
      .set('Referer', `${server.url}/explore/?sort=stars`)
      .set('Host', server.host)
      .type('form')
      .send('theme=dark');
    expect([page.status, page.headers['location']]).toEqual([303, '/explore/?sort=stars']);
    await visitor.post('/theme/', { theme: 'dark' });
    expect(visitor.cookie('drydock_visit')).toBeUndefined();
    expect(colours((await visitor.get('/')).html)).toEqual({ scheme: 'dark', media: 'screen', pressed: ['Dark'] });
    await visitor.post('/theme/', { theme: 'light', next: '/' });
    expect(colours((await visitor.get('/')).html)).toEqual({ scheme: 'light', media: 'not all', pressed: ['Light'] });
    await visitor.post('/theme/', { theme: 'system', next: '/' });
    expect(visitor.cookie('drydock_theme')).toBeUndefined();
    expect(colours((await visitor.get('/')).html)).toEqual(system);
  });

  it('is the system’s for any other value, and the form leads to no other site', async () => {
    const visitor = new Browsing(server.server);
    visitor.setCookie('drydock_theme', '"><script>');
    expect(colours((await visitor.get('/')).html).pressed).toEqual(['System']);
    const { location } = await visitor.post('/theme/', { theme: 'dark', next: 'https://evil.example/' });
    expect(location).toBe('/');
  });

  it('is not changed by another site, nor without the token of a session', async () => {
    const foreign = await request(server.server)
      .post('/theme/')
      .set('Origin', 'https://evil.example')
      .type('form')
      .send('theme=dark');
    expect([foreign.status, foreign.headers['set-cookie']]).toEqual([403, undefined]);
    const alice = await browseAs(server, 'alice');
    expect((await alice.post('/theme/', { theme: 'dark' })).status).toBe(403);
    expect((await alice.send('/theme/', { theme: 'dark', next: '/dashboard/' }, '/dashboard/')).status).toBe(303);
    expect(alice.cookie('drydock_theme')).toBe('dark');
  });
});
