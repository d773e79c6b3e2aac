import { build, type Step } from './images';
import type { Act } from './act';
import { Engine, userAgentOf } from './engine';

/* The official repositories: a few images on which others are built. */

const ROOT_FILES = { 'bin/bash': 96_000, 'etc/debian_version': 4, 'etc/motd': 286, 'lib/libc.so.6': 160_000 };

function baseOf(version: string): Step[] {
  return [
    { line: `ADD file:${version.padEnd(8, '0')}a0f3 in /`, files: { ...ROOT_FILES, [`etc/release-${version}`]: 40 } },
    { line: 'CMD ["/bin/bash"]' },
  ];
}

export const WHEEZY = build(baseOf('7'));
export const JESSIE = build(baseOf('8'));

const NODE = build(
  [
    {
      line: 'apt-get update && apt-get install -y curl',
      files: { 'usr/bin/curl': 60_000, 'var/lib/dpkg/status': 21_000 },
    },
    { line: 'ENV NODE_VERSION 0.12.2' },
    {
      line: 'curl -sL https://nodejs.example/v$NODE_VERSION.tar.gz | tar xz -C /usr/local --strip-components=1',
      files: { 'usr/local/bin/node': 420_000, 'usr/local/bin/npm': 900, 'usr/local/share/man/man1/node.1': 8_000 },
    },
    { line: 'CMD ["node"]' },
  ],
  JESSIE.at(-1),
);

const REDIS = build(
  [
    { line: 'groupadd -r redis && useradd -r -g redis redis', files: { 'etc/passwd': 900, 'etc/group': 500 } },
    { line: 'apt-get update && apt-get install -y redis-server', files: { 'usr/bin/redis-server': 240_000 } },
    { line: 'VOLUME [/data]', files: { 'data/.keep': 0 } },
    { line: 'EXPOSE 6379/tcp' },
    { line: 'CMD ["redis-server"]' },
  ],
  WHEEZY.at(-1),
);

/** The base of alice's shop. */
export const NODE_CHAIN = [...JESSIE, ...NODE];

const LIBRARY = [
  {
    name: 'debian',
    about: 'Debian is a Linux distribution made of free software',
    stars: ['alice', 'bobby', 'carol', 'dave'],
  },
  { name: 'node', about: 'Node.js runs JavaScript on servers', stars: ['alice', 'bobby'] },
  { name: 'redis', about: 'Redis keeps data structures in memory', stars: ['carol'] },
  { name: 'busybox', about: 'A small base image', stars: [] },
];

const README = `# Debian

The images of the distribution, made with \`debootstrap\`.

| Tag | Release |
| --- | --- |
| \`wheezy\`, \`7\` | Debian 7 |
| \`jessie\`, \`8\`, \`latest\` | Debian 8 |

## How to use it

\`\`\`
docker run -t -i debian:jessie /bin/bash
\`\`\`

- Packages come from the *main* archive only.
- Locales other than **C** are not there: install \`locales\` first.
`;

/** Fills `library`, as root. */
export async function fillLibrary(server: { readonly url: string }, act: Act): Promise<void> {
  for (const { name, about, stars } of LIBRARY) {
    await act('root', 'POST', 'repositories/', { namespace: 'library', name });
    const texts = { description: about, full_description: name === 'debian' ? README : `# ${name}\n\n${about}.` };
    await act('root', 'PATCH', `repositories/library/${name}/`, texts);
    for (const username of stars) await act(username, 'PUT', `repositories/library/${name}/star/`);
  }
  const engine = new Engine(server, 'root', userAgentOf('1.6.2', '3.16.0-4-amd64'));
  await engine.push('library/debian', WHEEZY, 'wheezy', '7');
  await engine.push('library/debian', JESSIE, 'jessie', '8', 'latest');
  await engine.push('library/node', NODE_CHAIN, '0.12', 'latest');
  await engine.push('library/redis', [...WHEEZY, ...REDIS], '2.8', 'latest');
}
