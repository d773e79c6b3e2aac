/** What the groups of operations are about. */
const TAGS: Readonly<Record<string, string>> = {
  'access tokens': 'Tokens that replace the password of an account',
  administration: 'What only administrators of the site can do',
  builds: 'Automated repositories: sources, build rules and builds',
  comments: 'Comments on repositories, and flags on comments',
  emails: 'Email addresses of accounts',
  images: 'Images of repositories, their layers and files',
  invitations: 'Invitations to teams',
  namespaces: 'Plans and settings of users and organizations',
  oauth: 'Applications that act for users',
  organizations: 'Organizations and their members',
  plans: 'How many private repositories a namespace may have',
  repositories: 'Repositories, their settings and names',
  retention: 'Which tags stay, and the runs that delete the others',
  robots: 'Accounts of an organization for machines',
  'second factor': 'Codes from an authenticator app',
  sessions: 'Logins of browsers',
  sharing: 'Collaborators and teams of a repository',
  stars: 'Who likes which repository',
  statistics: 'Pulls, pushes, and the engines that do them',
  tags: 'Tags of repositories and their history',
  teams: 'Teams of organizations',
  users: 'Accounts and their profiles',
  webhooks: 'Requests that report pushes',
};

/** A group of operations in the document. */
export interface DescribedTag {
  readonly name: string;
  readonly description: string;
}

/** Each group once, with what it is about. */
export function describeTags(tags: readonly string[]): readonly DescribedTag[] {
  return [...new Set(tags)].map((name) => ({ name, description: TAGS[name] ?? name }));
}
