import type { Person } from './person';

/** A repository to create. */
export interface Wanted {
  /** as in the list of namespaces; undefined: the user's own */
  readonly namespace?: string;
  readonly name: string;
  readonly visibility: 'Public' | 'Private';
}

/** Fills the form of a new repository and sends it. */
export async function createRepository(person: Person, { namespace, name, visibility }: Wanted): Promise<void> {
  await person.open('/dashboard/');
  await person.follow('Create repository');
  await person.isOn('Create a repository');
  if (namespace !== undefined) await person.choose('Namespace', namespace);
  await person.fill('Name', name);
  await person.main.getByLabel(visibility, { exact: true }).check();
  await person.press('Create');
}

/** Opens a page of a repository's settings through its links, like an owner. */
export async function openSettings(person: Person, repository: string, part: string): Promise<void> {
  await person.open(`/r/${repository}/`);
  await person.follow('Settings');
  await person.main.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: part }).click();
}
