import { commitUrl } from '../../../src/features/builds/commit-url';

const HASH = 'a'.repeat(40);

describe('the page of a commit', () => {
  it.each([
    ['github', 'https://github.com/alice/app.git', `https://github.com/alice/app/commit/${HASH}`],
    ['github', 'ssh://git@ghe.example.com:2222/alice/app.git', `https://ghe.example.com/alice/app/commit/${HASH}`],
    ['gitlab', 'https://gitlab.com/group/sub/app.git/', `https://gitlab.com/group/sub/app/-/commit/${HASH}`],
    ['bitbucket', 'https://bitbucket.org/alice/app', `https://bitbucket.org/alice/app/commits/${HASH}`],
    ['gitea', 'http://gitea.example.com:3000/alice/app.git', `http://gitea.example.com:3000/alice/app/commit/${HASH}`],
    [
      'bitbucket-server',
      'https://stash.example.com/scm/KEY/app.git',
      `https://stash.example.com/projects/KEY/repos/app/commits/${HASH}`,
    ],
    [
      'bitbucket-server',
      'ssh://git@stash.example.com:7999/~alice/app.git',
      `https://stash.example.com/users/alice/repos/app/commits/${HASH}`,
    ],
    ['git', 'ssh://git@github.com/alice/app.git', `https://github.com/alice/app/commit/${HASH}`],
    ['git', 'https://git.example.com/app.git', undefined],
    ['github', 'git://127.0.0.1/app.git', undefined],
    ['bitbucket-server', 'https://stash.example.com/git/deep/er/app.git', undefined],
  ] as const)('of %s for %s is %s', (provider, cloneUrl, page) => {
    expect(commitUrl({ provider, cloneUrl }, HASH)).toBe(page);
  });

  it('is not known for what is not a hash', () => {
    const source = { provider: 'github', cloneUrl: 'https://github.com/alice/app.git' } as const;
    expect(commitUrl(source, 'HEAD/../../../evil')).toBeUndefined();
  });
});
