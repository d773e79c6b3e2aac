import { bitbucket } from './bitbucket';
import type { GitProvider, ProviderKind, ProviderSettings } from './git-provider';
import { gitea } from './gitea';
import { github } from './github';
import { gitlab } from './gitlab';

const CREATE: Record<ProviderKind, (settings: ProviderSettings) => GitProvider> = { github, bitbucket, gitlab, gitea };

/** Where the providers are that have a public site. */
export const PUBLIC_SITES: Partial<Record<ProviderKind, string>> = {
  github: 'https://github.com',
  bitbucket: 'https://bitbucket.org',
  gitlab: 'https://gitlab.com',
};

/** What people call the providers, whether they are configured or not. */
export const PROVIDER_NAMES: Readonly<Record<ProviderKind, string>> = {
  github: 'GitHub',
  bitbucket: 'Bitbucket',
  gitlab: 'GitLab',
  gitea: 'Gitea',
};

/** The configured providers. */
export function createProviders(settings: readonly ProviderSettings[]): ReadonlyMap<ProviderKind, GitProvider> {
  return new Map(settings.map((one) => [one.kind, CREATE[one.kind](one)]));
}
