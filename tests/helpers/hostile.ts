import { randomUUID } from 'node:crypto';
import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { createClient } from '../../src/features/oauth/clients';
import { getReadable } from '../../src/features/repositories/get-repository';
import { saveActivity } from '../../src/features/statistics/counting';
import { fillWithBuilds } from './hostile-builds';
import { fillHooks } from './hostile-hooks';
import { codeOf, exchangeCode } from './oauth';
import { linePayloads, markdownPayloads, URL_PAYLOADS } from './payloads';
import { actingOn, type Act } from './showcase/act';
import { Engine } from './showcase/engine';
import { build } from './showcase/images';
import { addUser, passwordOf, type TestServer } from './test-server';

/*
 * A server on which accounts have written payloads (`payloads.ts`) into whatever takes text: `mallory0` into its profile,
 * its repository `mallory0/trap` with images, comments and webhooks, its tokens, sessions and engines, and the organization
 * `trap0`; and so on with `mallory1`, until each payload is somewhere.
 */

/** One of a list, in turn. */
const turn = (texts: readonly string[], index: number): string => texts[index % texts.length] ?? '';

/** What a header of a request may carry. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '');

/** What Markdown of a user may contain: no control characters except line breaks. */
const writable = (text: string): string => text.replaceAll('\u000b', '');

/** How many profiles, repositories and so on it takes to show every payload once where a field has 255 characters. */
const COUNT = linePayloads(255).length;

/** The accounts: `mallory0` and so on, each with a repository `trap`. */
export function hostileNames(): string[] {
  return Array.from({ length: COUNT }, (_, index) => `mallory${index}`);
}

async function pushImages(server: TestServer, username: string, index: number): Promise<void> {
  const text = turn(linePayloads(4000), index);
  const line = `RUN ${text}`;
  const images = build(
    [{ line, files: { [`tmp/${turn(linePayloads(60), index).replaceAll('/', ':')}`]: 10 } }],
    undefined,
    {
      author: text,
      comment: text,
      docker_version: text,
      architecture: text,
    },
  );
  const engine = new Engine(server, username, `docker/${printable(turn(linePayloads(120), index))}`);
  await engine.push(`${username}/trap`, images, 'latest');
}

async function fillRepository(act: Act, username: string, index: number): Promise<void> {
  const repository = `repositories/${username}/trap/`;
  const full = writable(turn(markdownPayloads(), index));
  await act(username, 'PATCH', repository, {
    description: writable(turn(linePayloads(100), index)),
    full_description: full,
  });
  await act(username, 'POST', `${repository}comments/`, { text: full });
}

/** Pulls by engines that describe themselves in strange ways. */
async function countPulls(server: TestServer, username: string, index: number): Promise<void> {
  const { id: subject } = await getReadable(server.ctx, OPERATOR_ACTOR, { namespace: username, name: 'trap' });
  const kernels = linePayloads(60).map((text) => printable(text).replaceAll(' ', '/'));
  const labels = [`docker/1.5.0 kernel/${turn(kernels, index)}`, `docker/1.5.0 kernel/${turn(kernels, index + COUNT)}`];
  const counts = labels.map((label) => ({ subject, label, times: { pull: 1, push: 0 } }));
  await saveActivity(server.ctx, {
    source: randomUUID(),
    number: 1,
    day: new Date().toISOString().slice(0, 10),
    counts,
  });
}

/** Creates work for administrators: each comment is flagged by the author of the one before. */
async function flagComments(act: Act, names: readonly string[]): Promise<void> {
  for (const [index, username] of names.entries()) {
    const comments = `repositories/${username}/trap/comments/`;
    const { results } = await act(username, 'GET', comments);
    const [{ id } = { id: 0 }] = results as { id: number }[];
    await act(turn(names, index + 1), 'PUT', `${comments}${id}/flag/`);
  }
}

async function fillAccount(server: TestServer, act: Act, username: string, index: number): Promise<void> {
  const text = turn(linePayloads(255), index);
  const profileUrl = turn(
    URL_PAYLOADS.filter((url) => url.startsWith('http')),
    index,
  );
  const profile = { full_name: text, location: text, company: text, profile_url: profileUrl };
  await act(username, 'PATCH', `users/${username}/`, profile);
  await act(username, 'POST', `users/${username}/tokens/`, { name: turn(linePayloads(100), index), access: 'read' });
  const organization = `trap${index}`;
  await act(username, 'POST', 'orgs/', { name: organization });
  await act(username, 'PATCH', `orgs/${organization}/`, profile);
  await act(username, 'PUT', `orgs/${organization}/teams/team/`, { description: text });
  await fetch(`${server.url}/api/v1.1/session/`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'User-Agent': printable(text) },
    body: JSON.stringify({ username, password: passwordOf(username) }),
  });
}

/**
 * Fills a server, whose webhooks may go to this machine. All programs act for `mallory0`.
 *
 * @returns the ids of OAuth clients that have payloads for names
 */
export async function fillWithPayloads(server: TestServer): Promise<string[]> {
  const act = actingOn(server);
  for (const [index, username] of hostileNames().entries()) {
    await addUser(server, username);
    await fillAccount(server, act, username, index);
    await act(username, 'POST', 'repositories/', { namespace: username, name: 'trap' });
    await fillRepository(act, username, index);
    await pushImages(server, username, index);
    await countPulls(server, username, index);
  }
  await flagComments(act, hostileNames());
  await fillHooks(server, act, hostileNames());
  await fillWithBuilds(server, hostileNames());
  const clients: string[] = [];
  for (const name of linePayloads(100).map((text) => text.replaceAll(/\p{C}/gu, ''))) {
    const input = { name, redirectUris: ['https://app.example.com/back'] };
    const { client, secret } = await createClient(server.ctx, OPERATOR_ACTOR, input);
    const program = { id: client.clientId, secret, redirectUri: 'https://app.example.com/back' };
    await exchangeCode(server, program, await codeOf(server, 'mallory0', program));
    clients.push(client.clientId);
  }
  return clients;
}
