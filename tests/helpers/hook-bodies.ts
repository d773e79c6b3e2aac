import { createHmac } from 'node:crypto';

/*
 * Hooks as the providers send them: the shape of each body and its headers, with the fields that Drydock reads and some
 * that it does not.
 */

const HASH = '1481a2de7b2a7d02428ad93446ab166be7793fbb';
const BEFORE = '6113728f27ae82c7b1a177c8d03f9e96e0adf246';
const ZEROS = '0'.repeat(40);
const MESSAGE = 'Update the README\n\nIt was old.';
const NAME = 'Alice Example';

const githubRepository = {
  id: 186_853_002,
  full_name: 'alice/app',
  clone_url: 'https://github.com/alice/app.git',
  default_branch: 'master',
};
const githubCommit = {
  id: HASH,
  message: MESSAGE,
  author: { name: NAME, email: 'alice@example.com', username: 'alice' },
  added: [],
  modified: ['README.md'],
  removed: [],
};
const github = (ref: string, after = HASH) => ({
  ref,
  before: BEFORE,
  after,
  created: false,
  deleted: after === ZEROS,
  forced: false,
  repository: githubRepository,
  pusher: { name: 'alice', email: 'alice@example.com' },
  commits: after === ZEROS ? [] : [githubCommit],
  head_commit: after === ZEROS ? null : githubCommit,
});

const gitea = (ref: string, after = HASH) => ({
  ref,
  before: BEFORE,
  after,
  compare_url: 'https://git.example.com/alice/app/compare/6113…1481',
  commits: [{ id: HASH, message: MESSAGE, author: { name: NAME, email: 'alice@example.com', username: 'alice' } }],
  head_commit: null,
  repository: { id: 1, full_name: 'alice/app', clone_url: 'https://git.example.com/alice/app.git' },
});

const bitbucket = (type: 'branch' | 'tag', name: string, isDeleted = false) => ({
  repository: { full_name: 'alice/app', type: 'repository' },
  actor: { display_name: NAME },
  push: {
    changes: [
      {
        old: { type, name, target: { hash: BEFORE } },
        new: isDeleted
          ? null
          : {
              type,
              name,
              target: { hash: HASH, message: MESSAGE, author: { raw: `${NAME} <alice@example.com>`, type: 'author' } },
            },
        truncated: false,
      },
    ],
  },
});

const bitbucketServer = (id: string, type = 'UPDATE') => ({
  eventKey: 'repo:refs_changed',
  date: '2017-09-13T22:18:29+1000',
  actor: { name: 'alice' },
  repository: { slug: 'app', project: { key: 'ALICE' } },
  changes: [
    {
      ref: { id, displayId: id.replace(/^refs\/\w+\//, ''), type: id.startsWith('refs/tags') ? 'TAG' : 'BRANCH' },
      refId: id,
      fromHash: BEFORE,
      toHash: type === 'DELETE' ? ZEROS : HASH,
      type,
    },
  ],
});

const gitlab = (ref: string, after = HASH) => ({
  object_kind: ref.startsWith('refs/tags') ? 'tag_push' : 'push',
  before: BEFORE,
  after,
  ref,
  checkout_sha: after === ZEROS ? null : after,
  user_name: NAME,
  project: { path_with_namespace: 'alice/app', git_http_url: 'https://gitlab.com/alice/app.git' },
  commits: after === ZEROS ? [] : [{ id: HASH, message: MESSAGE, author: { name: NAME, email: 'alice@example.com' } }],
});

/** How a provider proves that a hook is its own. */
export type Signing = 'sha256' | 'sha1' | 'gitea' | 'bitbucket' | 'gitlab';

export interface HookBody {
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
  readonly signing: Signing;
}

export const HOOK_HASH = HASH;
const PUSH = { 'X-GitHub-Event': 'push' };
const GITEA = { 'X-Gitea-Event': 'push', 'X-GitHub-Event': 'push', 'X-Gogs-Event': 'push' };
const CLOUD = { 'X-Event-Key': 'repo:push', 'X-Request-UUID': 'b1a2' };
const SERVER = { 'X-Event-Key': 'repo:refs_changed', 'X-Request-Id': 'c3d4' };

/** Pushes of the branch master that tell the commit, its message and author. */
export const PUSHES_OF_MASTER: readonly HookBody[] = [
  {
    title: 'GitHub',
    headers: { ...PUSH, 'X-GitHub-Delivery': '72d3162e' },
    body: github('refs/heads/master'),
    signing: 'sha256',
  },
  { title: 'GitHub, signed as before 2020', headers: PUSH, body: github('refs/heads/master'), signing: 'sha1' },
  { title: 'a script of ours', headers: {}, body: github('refs/heads/master'), signing: 'sha256' },
  {
    title: 'Gitea',
    headers: { ...GITEA, 'X-Gitea-Delivery': 'f6266f16' },
    body: gitea('refs/heads/master'),
    signing: 'gitea',
  },
  { title: 'Bitbucket Cloud', headers: CLOUD, body: bitbucket('branch', 'master'), signing: 'bitbucket' },
  { title: 'GitLab', headers: { 'X-Gitlab-Event': 'Push Hook' }, body: gitlab('refs/heads/master'), signing: 'gitlab' },
];

/** The same of a provider that tells no message. */
export const PUSH_OF_BITBUCKET_SERVER: HookBody = {
  title: 'Bitbucket Server',
  headers: SERVER,
  body: bitbucketServer('refs/heads/master'),
  signing: 'bitbucket',
};

/** Pushes of the tag v1.0. */
export const PUSHES_OF_TAG: readonly HookBody[] = [
  { title: 'GitHub', headers: PUSH, body: github('refs/tags/v1.0'), signing: 'sha256' },
  { title: 'Gitea', headers: GITEA, body: gitea('refs/tags/v1.0'), signing: 'gitea' },
  { title: 'Bitbucket Cloud', headers: CLOUD, body: bitbucket('tag', 'v1.0'), signing: 'bitbucket' },
  { title: 'Bitbucket Server', headers: SERVER, body: bitbucketServer('refs/tags/v1.0', 'ADD'), signing: 'bitbucket' },
  {
    title: 'GitLab',
    headers: { 'X-Gitlab-Event': 'Tag Push Hook' },
    body: gitlab('refs/tags/v1.0'),
    signing: 'gitlab',
  },
];

/** Hooks that start no build. */
export const WITHOUT_BUILD: readonly HookBody[] = [
  { title: 'GitHub, a deleted branch', headers: PUSH, body: github('refs/heads/master', ZEROS), signing: 'sha256' },
  { title: 'Gitea, a deleted branch', headers: GITEA, body: gitea('refs/heads/master', ZEROS), signing: 'gitea' },
  {
    title: 'Bitbucket Cloud, a deleted branch',
    headers: CLOUD,
    body: bitbucket('branch', 'master', true),
    signing: 'bitbucket',
  },
  {
    title: 'Bitbucket Server, a deleted branch',
    headers: SERVER,
    body: bitbucketServer('refs/heads/master', 'DELETE'),
    signing: 'bitbucket',
  },
  {
    title: 'GitLab, a deleted branch',
    headers: { 'X-Gitlab-Event': 'Push Hook' },
    body: gitlab('refs/heads/master', ZEROS),
    signing: 'gitlab',
  },
  { title: 'GitHub, another branch', headers: PUSH, body: github('refs/heads/other'), signing: 'sha256' },
  { title: 'GitHub, a note', headers: PUSH, body: github('refs/notes/commits'), signing: 'sha256' },
  {
    title: 'GitHub, a pull request of a fork',
    headers: { 'X-GitHub-Event': 'pull_request' },
    body: { action: 'opened' },
    signing: 'sha256',
  },
  {
    title: 'GitHub, its ping',
    headers: { 'X-GitHub-Event': 'ping' },
    body: { zen: 'Keep it logically awesome.', hook_id: 1 },
    signing: 'sha256',
  },
  {
    title: 'Bitbucket Server, its test',
    headers: { 'X-Event-Key': 'diagnostics:ping' },
    body: { test: true },
    signing: 'bitbucket',
  },
];

/** The headers with which a provider shows that it knows the secret. */
export function signatureOf(signing: Signing, body: string, secret: string): Record<string, string> {
  const hex = (hash: string): string => createHmac(hash, secret).update(body).digest('hex');
  return {
    sha256: { 'X-Hub-Signature-256': `sha256=${hex('sha256')}` },
    sha1: { 'X-Hub-Signature': `sha1=${hex('sha1')}` },
    gitea: { 'X-Gitea-Signature': hex('sha256') },
    bitbucket: { 'X-Hub-Signature': `sha256=${hex('sha256')}` },
    gitlab: { 'X-Gitlab-Token': secret },
  }[signing];
}
