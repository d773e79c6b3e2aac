import type { Act } from './act';
import { Engine } from './engine';
import { JESSIE } from './library';

/** Creates acme, which alice owns, with everything that an organization can have. */
export async function fillOrganization(server: { readonly url: string }, act: Act): Promise<void> {
  await act('alice', 'POST', 'orgs/', { name: 'acme' });
  await act('alice', 'PATCH', 'orgs/acme/', {
    full_name: 'Acme',
    location: 'The harbour',
    profile_url: 'https://acme.example/',
  });
  await act('alice', 'POST', 'repositories/', { namespace: 'acme', name: 'site' });
  await act('alice', 'PATCH', 'repositories/acme/site/', { description: 'The site of acme' });
  const teams = [
    { team: 'developers', description: 'They push', access: 'write', members: ['bobby', 'carol'] },
    { team: 'operators', description: 'They pull on the machines', access: 'read', members: ['dave'] },
  ];
  await act('alice', 'PUT', 'orgs/acme/robots/deploy/');
  await act('alice', 'POST', 'orgs/acme/robots/deploy/tokens/', { name: 'the build server', access: 'write' });
  for (const { team, description, access, members } of teams) {
    await act('alice', 'PUT', `orgs/acme/teams/${team}/`, { description });
    await act('alice', 'PUT', `repositories/acme/site/teams/${team}/`, { access });
    for (const username of members) {
      const { id } = await act('alice', 'POST', `orgs/acme/teams/${team}/invitations/`, { username });
      await act(username, 'POST', `users/${username}/invitations/${id as number}/accept/`);
    }
  }
  await act('alice', 'PUT', 'orgs/acme/teams/operators/members/acme+deploy/');
  await act('alice', 'POST', 'orgs/acme/teams/developers/invitations/', { username: 'erin' });
  await act('alice', 'POST', 'orgs/acme/teams/operators/invitations/', { email: 'new@example.org' });
  await new Engine(server, 'bobby').push('acme/site', JESSIE, 'latest');
}
