import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port';
import { waitUntil } from './wait-until';

/* Repositories of git, served by git's own programs. */

const AUTHOR = { GIT_AUTHOR_NAME: 'Ann Author', GIT_AUTHOR_EMAIL: 'ann@example.com' };
const COMMITTER = { GIT_COMMITTER_NAME: 'Ann Author', GIT_COMMITTER_EMAIL: 'ann@example.com' };

/** A bare repository, to which commits are pushed from a working copy. */
export interface GitRepository {
  /** Below the folder that servers serve. */
  readonly name: string;
  readonly folder: string;
  readonly work: string;
  git(...args: string[]): string;
  /** Writes files, commits and pushes them; returns the commit. */
  commit(files: Readonly<Record<string, string>>, message?: string): string;
}

/** Creates a folder of repositories, for servers. */
export function createGitRoot(): string {
  return mkdtempSync(path.join(tmpdir(), 'git-'));
}

export function createGitRepository(root: string, name = 'app.git'): GitRepository {
  const folder = path.join(root, name);
  const work = mkdtempSync(path.join(tmpdir(), 'git-work-'));
  const env = { ...process.env, ...AUTHOR, ...COMMITTER, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: work, env, stdio: 'pipe' }).toString().trim();
  git('init', '--quiet', '--bare', '--initial-branch=main', folder);
  git('init', '--quiet', '--initial-branch=main');
  git('remote', 'add', 'origin', folder);
  return {
    name,
    folder,
    work,
    git,
    commit: (files, message = 'Change files') => {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(work, file)), { recursive: true });
        writeFileSync(path.join(work, file), text);
      }
      git('add', '--all');
      git('commit', '--quiet', '--message', message);
      git('push', '--quiet', 'origin', 'HEAD');
      return git('rev-parse', 'HEAD');
    },
  };
}

export interface GitServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** What was requested: method and path. */
  readonly requests: string[];
  close(): Promise<void>;
}

/**
 * Serves the repositories below a folder over http with `git http-backend`.
 *
 * @param options.login - `user:password` that every request needs
 * @param options.redirect - sends all requests there
 */
export async function startGitHttp(
  root: string,
  options: { readonly login?: string; readonly redirect?: string } = {},
): Promise<GitServer> {
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const needed = options.login === undefined ? undefined : `Basic ${Buffer.from(options.login).toString('base64')}`;
    if (options.redirect !== undefined)
      response.writeHead(302, { Location: `${options.redirect}${request.url}` }).end();
    else if (needed === undefined || request.headers.authorization === needed) answer(root, request, response);
    else response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, requests, close };
}

/** Answers with what `git http-backend` writes as a CGI program. */
function answer(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '', 'http://git');
  const env = {
    PATH: process.env['PATH'],
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    REQUEST_METHOD: request.method,
    PATH_INFO: pathname,
    QUERY_STRING: search.slice(1),
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
  };
  const cgi = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  request.pipe(cgi.stdin);
  cgi.stdin.on('error', () => undefined);
  let head = Buffer.alloc(0);
  cgi.stdout.on('data', (chunk: Buffer) => {
    if (response.headersSent) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    const lines = head.subarray(0, end).toString().split('\r\n');
    const headers = lines.map((line): [string, string] => [
      line.split(':')[0] ?? '',
      line.slice(line.indexOf(':') + 2),
    ]);
    const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
    response.writeHead(parseInt(status, 10), Object.fromEntries(headers.filter(([name]) => name !== 'Status')));
    response.write(head.subarray(end + 4));
  });
  cgi.on('close', () => response.end());
}

/** Serves the repositories below a folder with `git daemon`. */
export async function startGitDaemon(root: string): Promise<Omit<GitServer, 'requests'>> {
  const port = await freePort();
  const args = [
    'daemon',
    '--export-all',
    `--base-path=${root}`,
    '--listen=127.0.0.1',
    `--port=${port}`,
    '--reuseaddr',
    root,
  ];
  const daemon = spawn('git', ['-c', 'safe.directory=*', ...args], { stdio: 'ignore', detached: true });
  await waitUntil('the git server', () => accepts(port));
  return {
    url: `git://127.0.0.1:${port}`,
    close: async () => {
      if (daemon.pid !== undefined) process.kill(-daemon.pid, 'SIGTERM');
      await waitUntil('the end of the git server', async () => !(await accepts(port)));
    },
  };
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
