import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { PROVIDER_KINDS, type ProviderKind, type ProviderSettings } from './platform/providers/git-provider';
import { PUBLIC_SITES } from './platform/providers/providers';

/* The variables of the git providers whose accounts users can link: three for each provider. */

const clientId = z.string().min(1).max(255);

/** The secret itself, or `file:` and the path of the file that it is in. */
const clientSecret = z.string().transform((text, issues) => {
  if (!text.startsWith('file:')) return text;
  try {
    const secret = readFileSync(text.slice('file:'.length), 'utf8').trim();
    if (secret !== '') return secret;
    issues.addIssue({ code: 'custom', message: 'names an empty file' });
  } catch {
    issues.addIssue({ code: 'custom', message: 'names a file that cannot be read' });
  }
  return z.NEVER;
});

/** A site, or a path of one; a slash at the end does not count. */
const baseUrl = z
  .url({ protocol: /^https?$/, message: 'must be https:// followed by a host' })
  .refine((text) => {
    if (!URL.canParse(text)) return true;
    const { search, hash, username } = new URL(text);
    return search === '' && hash === '' && username === '';
  }, 'must be the address of the site, such as https://git.example.com, without a query or anything after it')
  .transform((text) => text.replace(/\/+$/, ''));

/** The rules of the variables. */
export const PROVIDER_VARIABLES = {
  DRYDOCK_GITHUB_CLIENT_ID: clientId.optional(),
  DRYDOCK_GITHUB_CLIENT_SECRET: clientSecret.optional(),
  DRYDOCK_GITHUB_URL: baseUrl.optional(),
  DRYDOCK_BITBUCKET_CLIENT_ID: clientId.optional(),
  DRYDOCK_BITBUCKET_CLIENT_SECRET: clientSecret.optional(),
  DRYDOCK_BITBUCKET_URL: baseUrl.optional(),
  DRYDOCK_GITLAB_CLIENT_ID: clientId.optional(),
  DRYDOCK_GITLAB_CLIENT_SECRET: clientSecret.optional(),
  DRYDOCK_GITLAB_URL: baseUrl.optional(),
  DRYDOCK_GITEA_CLIENT_ID: clientId.optional(),
  DRYDOCK_GITEA_CLIENT_SECRET: clientSecret.optional(),
  DRYDOCK_GITEA_URL: baseUrl.optional(),
};

type ProviderConfig = z.infer<z.ZodObject<typeof PROVIDER_VARIABLES>>;

const PREFIXES = { github: 'GITHUB', bitbucket: 'BITBUCKET', gitlab: 'GITLAB', gitea: 'GITEA' } as const;

/** Variables that must be set together; Gitea has no public site. */
export const PROVIDERS_TOGETHER: readonly (readonly string[])[] = PROVIDER_KINDS.map((kind) => {
  const names = [`DRYDOCK_${PREFIXES[kind]}_CLIENT_ID`, `DRYDOCK_${PREFIXES[kind]}_CLIENT_SECRET`];
  return PUBLIC_SITES[kind] === undefined ? [...names, `DRYDOCK_${PREFIXES[kind]}_URL`] : names;
});

function providerIn(config: ProviderConfig, kind: ProviderKind): ProviderSettings[] {
  const prefix = PREFIXES[kind];
  const id = config[`DRYDOCK_${prefix}_CLIENT_ID`];
  const secret = config[`DRYDOCK_${prefix}_CLIENT_SECRET`];
  const url = config[`DRYDOCK_${prefix}_URL`] ?? PUBLIC_SITES[kind];
  if (id === undefined || secret === undefined || url === undefined) return [];
  return [{ kind, baseUrl: url, clientId: id, clientSecret: secret }];
}

/** The providers that are configured. */
export function providersIn(config: ProviderConfig): ProviderSettings[] {
  return PROVIDER_KINDS.flatMap((kind) => providerIn(config, kind));
}
