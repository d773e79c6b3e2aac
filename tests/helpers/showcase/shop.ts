import type { Act } from './act';
import { Engine, userAgentOf } from './engine';
import { build } from './images';
import { NODE_CHAIN } from './library';

/*
 * What alice has: a shop with releases that share most of their images, a private repository, and one that is unlisted.
 */

const SHOP = build(
  [
    { line: 'MAINTAINER alice' },
    { line: 'WORKDIR /srv/shop' },
    { line: 'COPY file:2f9ab1 in /srv/shop/package.json', files: { 'srv/shop/package.json': 1_200 } },
    { line: 'npm install --production', files: { 'srv/shop/node_modules/express/index.js': 140_000 } },
  ],
  NODE_CHAIN.at(-1),
);

const release = (version: string, size: number) =>
  build(
    [
      {
        line: `COPY dir:${version} in /srv/shop`,
        files: { 'srv/shop/server.js': size, 'srv/shop/public/index.html': 4_000, 'srv/shop/public/style.css': 9_000 },
      },
      { line: 'EXPOSE 8080/tcp' },
    ],
    SHOP.at(-1),
  );

const README = `# Shop

A small web shop for the **harbour**.

1. Pull it: \`docker pull alice/shop\`
2. Run it: \`docker run -p 8080:8080 alice/shop\`
3. Open [localhost:8080](http://localhost:8080/)

> Version 2 needs Redis: \`docker run --link redis:redis alice/shop:2.0\`

\`\`\`js
const shop = require('./server');
shop.listen(8080);
\`\`\`
`;

const COMMENTS = [
  ['bobby', 'Runs on a *3.2* kernel, too. Thanks!'],
  ['carol', 'How do I give it another port? `-e PORT=80` does nothing in 1.1.'],
  ['alice', 'It does from **2.0** on, see the README.'],
  ['dave', 'Buy my watches at https://watches.example/'],
] as const;

async function comment(act: Act): Promise<void> {
  for (const [author, text] of COMMENTS) {
    const { id } = await act(author, 'POST', 'repositories/alice/shop/comments/', { text });
    if (author === 'dave') await act('bobby', 'PUT', `repositories/alice/shop/comments/${id as number}/flag/`);
  }
}

/** Fills alice's namespace. */
export async function fillShop(server: { readonly url: string }, act: Act): Promise<void> {
  await act('alice', 'POST', 'repositories/', { namespace: 'alice', name: 'shop' });
  await act('alice', 'PATCH', 'repositories/alice/shop/', {
    description: 'A small web shop',
    full_description: README,
  });
  const engine = new Engine(server, 'alice');
  const upTo = (version: string, size: number) => [...NODE_CHAIN, ...SHOP, ...release(version, size)];
  await engine.push('alice/shop', upTo('1.0', 30_000), '1.0', 'latest');
  await engine.push('alice/shop', upTo('1.1', 34_000), '1.1', 'latest');
  const newer = new Engine(server, 'alice', userAgentOf('1.9.1', '4.2.0-16-generic'));
  await newer.push('alice/shop', upTo('2.0', 52_000), '2.0', 'latest');
  await newer.push('alice/shop', [...NODE_CHAIN, ...SHOP], 'dependencies');
  await act('alice', 'PATCH', 'repositories/alice/shop/', { immutable_tags: ['?.?'] });
  await act('alice', 'PUT', 'repositories/alice/shop/collaborators/bobby/');
  for (const username of ['bobby', 'carol']) await act(username, 'PUT', 'repositories/alice/shop/star/');
  await comment(act);
  for (const [name, visibility] of [
    ['diary', 'private'],
    ['draft', 'unlisted'],
    ['empty', 'public'],
  ] as const) {
    await act('alice', 'POST', 'repositories/', { namespace: 'alice', name, visibility });
  }
  await engine.push('alice/diary', NODE_CHAIN, 'latest');
}
