import type { Actor, RepositoryName } from '../../../../src/features/access/actor';
import { actorOf, ANYBODY } from '../../../helpers/actors';
import { Browsing, browseAs } from '../../../helpers/browse';
import { createImage, pushImages } from '../../../helpers/images';
import { addUser, startTestServer, type TestServer } from '../../../helpers/test-server';
import {
  addComment,
  getRepositoryDetails,
  getTag,
  listComments,
  listFlaggedComments,
  listTagHistory,
  setImmutableTags,
} from '../../../helpers/by-name';

let server: TestServer;
let alice: Actor;
let bobby: Actor;
let owner: Browsing;
let reader: Browsing;
let anonymous: Browsing;
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'bobby']) await addUser(server, name);
  [alice, bobby] = [await actorOf(server, 'alice'), await actorOf(server, 'bobby')];
  [owner, reader] = [await browseAs(server, 'alice'), await browseAs(server, 'bobby')];
  anonymous = new Browsing(server.server);
});
afterAll(() => server.close());

const nameOf = (name: string): RepositoryName => ({ namespace: 'alice', name });
const [OLD, NEW] = [createImage(), createImage()];

describe('the star', () => {
  beforeAll(() => pushImages(server, 'alice/star', [createImage()]));
  const stars = async (): Promise<number> =>
    (await getRepositoryDetails(server.ctx, ANYBODY, nameOf('star'))).starCount;

  it('is given and taken back, and leads back to the page of the button', async () => {
    const path = '/r/alice/star/tags/?sort=name';
    expect((await reader.get(path)).html).toContain('Star this repository, 0 stars');
    const given = await reader.send('/r/alice/star/star/', { starred: 'yes', next: path }, path);
    expect([given.status, given.location, await stars()]).toEqual([303, path, 1]);
    expect((await reader.get(path)).html).toContain('Unstar this repository, 1 star');
    const taken = await reader.send('/r/alice/star/star/', { starred: 'no' }, path);
    expect([taken.status, taken.location, await stars()]).toEqual([303, '/r/alice/star/', 0]);
  });

  it('leads to no other site', async () => {
    for (const next of ['https://evil.example.com/', '//evil.example.com', '/\\evil.example.com']) {
      const { location } = await reader.send('/r/alice/star/star/', { starred: 'yes', next }, '/r/alice/star/');
      expect(location).toBe('/r/alice/star/');
    }
  });

  it('is refused without a login, and from another site', async () => {
    expect((await anonymous.get('/r/alice/star/')).html).not.toContain('/star/star/');
    const asked = await anonymous.post('/r/alice/star/star/', { starred: 'yes' });
    expect([asked.status, asked.location]).toEqual([303, '/account/login/']);
    expect((await reader.post('/r/alice/star/star/', { starred: 'no' })).status).toBe(403);
  });
});

describe('comments', () => {
  const path = '/r/alice/talk/comments/';
  beforeAll(() => pushImages(server, 'alice/talk', [createImage()]));
  const all = () => listComments(server.ctx, ANYBODY, nameOf('talk'), { limit: 100 });

  it('are written as Markdown, and shown without harmful parts', async () => {
    expect((await anonymous.get(path)).html).toContain('No comments yet');
    const sent = await reader.send(path, { text: 'It **works**\r\n<script>alert(1)</script>' });
    expect([sent.status, sent.location]).toEqual([303, path]);
    expect((await all())[0]).toMatchObject({ author: 'bobby', text: 'It **works**\n<script>alert(1)</script>' });
    const { html } = await anonymous.get(path);
    expect(html).toContain('<p>It <strong>works</strong><br />\n&lt;script&gt;alert(1)&lt;/script&gt;</p>');
    expect(html).toContain(`/account/login/?next=${encodeURIComponent(path)}`);
    expect(html).not.toContain('<textarea');
  });

  it('that are refused are in their field again, with the reason', async () => {
    const text = `<b>${'x'.repeat(4100)}`;
    const { status, html } = await reader.send(path, { text });
    expect(status).toBe(400);
    expect(html).toMatch(/role="alert">A comment must be Markdown of 1 to 4096 characters\./);
    expect(html).toContain(`\n&lt;b&gt;${'x'.repeat(4100)}</textarea>`);
    expect((await reader.send(path, { text: ' ' })).status).toBe(400);
    expect((await reader.send(path, { text: 'a\0b' })).status).toBe(400);
  });

  it('are flagged by others, and deleted by their author and by administrators', async () => {
    const { id } = await addComment(server.ctx, bobby, nameOf('talk'), 'mine');
    const other = await addComment(server.ctx, alice, nameOf('talk'), 'of alice');
    const seen = (await reader.get(path)).html;
    expect(seen).toContain(`${path}${id}/delete/`);
    expect(seen).not.toContain(`${path}${id}/flag/`);
    expect(seen).toContain(`${path}${other.id}/flag/`);
    expect(seen).not.toContain(`${path}${other.id}/delete/`);

    expect((await reader.send(`${path}${other.id}/flag/`, {}, path)).location).toBe(path);
    const flagged = await listFlaggedComments(server.ctx, alice, nameOf('talk'), { limit: 10 });
    expect(flagged.map((comment) => [comment.id, comment.flags])).toEqual([[other.id, 1]]);

    const refused = await reader.send(`${path}${other.id}/delete/`, {}, path);
    expect([refused.status, refused.html.includes('role="alert"')]).toEqual([403, true]);
    expect((await reader.send(`${path}${id}/delete/`, {}, path)).status).toBe(303);
    expect((await reader.send(`${path}${id}/delete/`, {}, path)).status).toBe(404);
    const first = (await all()).at(-1)!;
    expect((await owner.send(`${path}${first.id}/delete/`, {}, path)).status).toBe(303);
    expect((await all()).map((comment) => comment.id)).toEqual([other.id]);
    for (const bad of ['x', '0', '1e3', '99999999999999999999']) {
      expect((await owner.send(`${path}${bad}/delete/`, {}, path)).status).toBe(404);
    }
  });

  it('are paged, and no page is large, whatever their text', async () => {
    await server.ctx.db('comments').delete();
    const long = '&"<>'.repeat(1000);
    for (let index = 0; index < 25; index += 1) await addComment(server.ctx, bobby, nameOf('talk'), `${index} ${long}`);
    const seen: string[] = [];
    for (let at = path; at !== '';) {
      const { html } = await anonymous.get(at);
      expect(html.length).toBeLessThan(100_000);
      seen.push(...[...html.matchAll(/<p>(\d+) &amp;/g)].map(([, index]) => index!));
      at = /rel="next" href="([^"]+)"/.exec(html)?.[1] ?? '';
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => String(24 - index)));
  });
});

describe('the history of tags', () => {
  const path = '/r/alice/moved/history/';
  beforeAll(async () => {
    await pushImages(server, 'alice/moved', [OLD], { tag: 'v1' });
    await pushImages(server, 'alice/moved', [NEW], { tag: 'v1' });
    await pushImages(server, 'alice/moved', [NEW], { tag: 'other' });
  });
  const imageOf = async (tag: string): Promise<string> =>
    (await getTag(server.ctx, ANYBODY, nameOf('moved'), tag)).imageId;
  const latest = async (tag: string) =>
    (await listTagHistory(server.ctx, ANYBODY, nameOf('moved'), { tag, limit: 1 }))[0]!;

  it('is visible to everyone, and restored by those who may push', async () => {
    const { html } = await anonymous.get(path);
    expect(html).toContain(`>${OLD.id.slice(0, 12)}</a>`);
    expect(html).not.toContain('restore');
    expect((await reader.get(path)).html).not.toContain('/restore/');
    expect((await owner.get(path)).html).toContain(`aria-label="Undo: set v1 to ${OLD.id.slice(0, 12)}"`);

    const event = String((await latest('v1')).id);
    const undone = await owner.send(`${path}restore/`, { event, side: 'before' }, path);
    expect([undone.status, undone.location, await imageOf('v1')]).toEqual([303, path, OLD.id]);
    expect((await owner.get(path)).html).toContain(`The tag v1 now points to ${OLD.id.slice(0, 12)}.`);
    await owner.send(`${path}restore/`, { event, side: 'after' }, path);
    expect(await imageOf('v1')).toBe(NEW.id);
  });

  it('is restored by nobody else, and not if there is nothing to restore', async () => {
    const event = String((await latest('other')).id);
    const refused = await reader.send(`${path}restore/`, { event, side: 'before' }, path);
    expect(refused.status).toBe(403);
    const nothing = await owner.send(`${path}restore/`, { event, side: 'before' }, path);
    expect(nothing.status).toBe(409);
    expect(nothing.html).toMatch(/role="alert">The tag other did not exist before this event\./);
    expect((await owner.send(`${path}restore/`, { event: 'x' }, path)).status).toBe(400);
    expect((await owner.send(`${path}restore/`, { event: '999999' }, path)).status).toBe(404);
  });

  it('is that of one tag, if asked for', async () => {
    const { html } = await anonymous.get(`${path}?tag=other`);
    expect(html).toContain('value="other"');
    expect(html).not.toContain('>v1</a>');
    expect((await anonymous.get(`${path}?tag=%3Cb%3E`)).html).toContain('No history for the tag “&lt;b&gt;”');
    expect((await anonymous.get(`${path}?before=1`)).html).toContain('No older events');
  });

  it('is paged', async () => {
    await server.ctx.db.raw(
      `insert into tag_events (repository_id, tag, from_image_id, to_image_id, at)
       select repository_id, 'many', null, to_image_id, at from tag_events, generate_series(1, 120) where tag = 'other' limit 120`,
    );
    let pages = 0;
    for (let at = `${path}?tag=many`; at !== ''; pages += 1) {
      const { html } = await owner.get(at);
      expect(html.length).toBeLessThan(100_000);
      at = (/rel="next" href="([^"]+)"/.exec(html)?.[1] ?? '').replaceAll('&amp;', '&');
    }
    expect(pages).toBe(3);
  });
});

describe('a tag', () => {
  const path = '/r/alice/doomed/tags/old/delete/';
  beforeAll(async () => {
    for (const tag of ['old', 'kept', 'v1']) await pushImages(server, 'alice/doomed', [NEW], { tag });
    await setImmutableTags(server.ctx, alice, nameOf('doomed'), ['v*']);
  });

  it('is deleted by administrators, after a question', async () => {
    const tags = (await owner.get('/r/alice/doomed/tags/')).html;
    expect(tags).toContain(`href="${path}"`);
    expect(tags).not.toContain('/tags/v1/delete/');
    expect(tags).toContain('>immutable</span>');
    expect((await owner.get(path)).html).toContain('Delete the tag old?');
    const { status, location } = await owner.send(path, {});
    expect([status, location]).toEqual([303, '/r/alice/doomed/tags/']);
    const left = (await owner.get('/r/alice/doomed/tags/')).html;
    expect(left).toContain('The tag old was deleted.');
    expect(left).not.toContain('>old</a>');
    expect((await owner.get(path)).status).toBe(404);
  });

  it('is not deleted by others, nor if it is immutable', async () => {
    expect((await reader.get('/r/alice/doomed/tags/')).html).not.toContain('/delete/');
    const refused = await reader.send('/r/alice/doomed/tags/kept/delete/', {});
    expect([refused.status, refused.html.includes('role="alert"')]).toEqual([403, true]);
    expect((await owner.send('/r/alice/doomed/tags/v1/delete/', {})).status).toBe(409);
    const asked = await anonymous.get('/r/alice/doomed/tags/kept/delete/');
    expect(asked.location).toMatch(/^\/account\/login\/\?next=/);
    expect((await anonymous.get('/r/alice/doomed/tags/kept/')).status).toBe(200);
  });
});
