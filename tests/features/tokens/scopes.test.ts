import { fullName } from '../../../src/features/repositories/names';
import { parseScopes } from '../../../src/features/tokens/scopes';

/** `alice/app:pull,push` for each repository. */
function asked(...texts: string[]): string[] {
  return parseScopes(texts).repositories.map(({ repository, actions }) => {
    return `${fullName(repository)}:${[...actions].sort().join(',')}`;
  });
}

describe('parseScopes', () => {
  it('takes scopes of several parameters, and several of one', () => {
    expect(asked('repository:alice/app:pull', 'repository:bob/app:push,pull')).toEqual([
      'alice/app:pull',
      'bob/app:pull,push',
    ]);
    expect(asked('repository:alice/app:pull repository:bob/app:push,pull')).toEqual([
      'alice/app:pull',
      'bob/app:pull,push',
    ]);
  });

  it('joins the scopes of one repository', () => {
    expect(asked('repository:alice/app:pull repository:alice/app:pull,push')).toEqual(['alice/app:pull,push']);
    expect(asked('repository:ubuntu:pull', 'repository:library/ubuntu:delete')).toEqual(['library/ubuntu:delete,pull']);
  });

  it('reads * as all actions', () => {
    expect(asked('repository:alice/app:*')).toEqual(['alice/app:delete,pull,push']);
  });

  it.each([
    '',
    ' ',
    'repository',
    'repository:alice/app',
    'repository:alice/app:',
    'repository:alice/app:fly',
    'repository:a/b/c:pull',
    'repository:Alice/app:pull',
    'repository:host:5000/alice/app:pull',
    'repository(plugin):alice/app:pull',
    'image:alice/app:pull',
    'registry:catalog:*',
  ])('ignores %j', (text) => {
    expect(asked(text)).toEqual([]);
    expect(asked(`${text} repository:alice/app:pull`)).toEqual(['alice/app:pull']);
  });

  it('finds the list of repositories', () => {
    expect(parseScopes(['registry:catalog:*']).hasCatalog).toBe(true);
    expect(parseScopes(['repository:alice/app:pull registry:catalog:*']).hasCatalog).toBe(true);
    expect(parseScopes(['registry:catalog:pull']).hasCatalog).toBe(false);
  });

  it('ignores what is beyond 16 repositories', () => {
    const texts = Array.from({ length: 40 }, (_, index) => `repository:alice/app${index}:pull`);
    expect(asked(...texts)).toHaveLength(16);
    expect(asked(...texts.slice(0, 16), 'repository:alice/app0:push')[0]).toBe('alice/app0:pull,push');
  });
});
