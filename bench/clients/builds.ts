import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BASIC, USER, type Drydock } from '../servers/drydock';
import type { GitSource } from '../servers/git-sources';
import { call } from './http';

/** An automated repository of the hub. */
export interface Automated {
  readonly name: string;
  readonly source: GitSource;
  readonly hook: { readonly url: string; readonly secret: string };
}

/** A build, as the database has it at the end; times in seconds. */
export interface BuildRow {
  readonly id: number;
  readonly name: string;
  readonly state: string;
  readonly error: string | null;
  readonly commit_hash: string | null;
  readonly builder: string | null;
  readonly created: number;
  readonly started: number | null;
  readonly finished: number | null;
}

/**
 * Calls the API about repositories.
 *
 * @param expected - the status
 */
export async function api<Result>(server: Drydock, path: string, body: object, expected = 201): Promise<Result> {
  const headers = { Authorization: BASIC, 'Content-Type': 'application/json' };
  const url = `${server.url}/api/v1.1/repositories/${path}`;
  const answer = await call({ method: 'POST', url, headers, body: JSON.stringify(body), expected: [expected] });
  return JSON.parse(answer.body.toString()) as Result;
}

/** Creates a repository that is built from a source. */
export async function automate(server: Drydock, name: string, source: GitSource): Promise<Automated> {
  await api(server, '', { namespace: USER.name, name });
  const body = { clone_url: source.url };
  const added = await api<{ hook_url: string; hook_secret: string }>(
    server,
    `${USER.name}/${name}/build-source/`,
    body,
  );
  return { name, source, hook: { url: added.hook_url, secret: added.hook_secret } };
}

/**
 * Commits, and sends the hook as a git server does.
 *
 * @returns the commit
 */
export async function push({ source, hook }: Automated, files: Record<string, string | Buffer>): Promise<string> {
  const commit = await source.commit(files);
  const body = JSON.stringify({ ref: 'refs/heads/master', after: commit });
  const signature = createHmac('sha256', hook.secret).update(body).digest('hex');
  const headers = { 'Content-Type': 'application/json', 'X-Hub-Signature-256': `sha256=${signature}` };
  await call({ method: 'POST', url: hook.url, headers, body, expected: [202] });
  return commit;
}

const BUILDS = `select b.id::int, r.name, b.state, b.error, b.commit_hash, b.builder,
  extract(epoch from b.created_at)::float8 as created, extract(epoch from b.started_at)::float8 as started,
  extract(epoch from b.finished_at)::float8 as finished from builds b join repositories r on r.id = b.repository_id`;

/** Waits until all builds have ended. */
export async function allEnded(server: Drydock): Promise<BuildRow[]> {
  for (;;) {
    const rows = await server.rows<BuildRow>(`${BUILDS} order by b.started_at`);
    if (rows.length > 0 && rows.every(({ finished }) => finished !== null)) return rows;
    await sleep(200);
  }
}

/** Builds the repository `base`, whose image has a shell. */
export async function pushBase(server: Drydock, source: GitSource): Promise<void> {
  const base = await automate(server, 'base', source);
  await push(base, { sh: await readFile('/bin/busybox'), Dockerfile: 'FROM scratch\nCOPY sh /bin/sh\n' });
  await allEnded(server);
}
