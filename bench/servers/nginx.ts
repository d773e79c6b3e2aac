import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort, startProcess, waitForUrl } from '../measure/processes';
import type { Resources } from '../measure/resources';

/** A path below which nginx finds Drydock's blobs, when Drydock names it in `X-Accel-Redirect`. */
export const ACCEL_PREFIX = '/_drydock_blobs/';

export interface Nginx {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
}

/** What it serves: files of a folder by `sendfile`, or a Drydock behind it that hands over its layers. */
export type NginxRole = { readonly filesDir: string } | { readonly drydockUrl: string; readonly dataDir: string };

function locationsOf(role: NginxRole): string {
  if ('filesDir' in role) return `location / { root ${role.filesDir}; }`;
  return `
    location / {
      proxy_pass ${role.drydockUrl};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
      client_max_body_size 0;
    }
    location ${ACCEL_PREFIX} { internal; alias ${path.join(role.dataDir, 'blobs')}/; }`;
}

/** Starts one on the loopback, with a worker for each core and no logs. */
export async function startNginx(resources: Resources, role: NginxRole): Promise<Nginx> {
  const dir = await resources.createDir('nginx');
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${dir}/${name};`)
    .join(' ');
  const config = `${isRoot ? 'user root;' : ''}
daemon off; worker_processes auto; pid ${dir}/nginx.pid; error_log stderr error;
events { worker_connections 512; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; ${temporary}
  server { listen 127.0.0.1:${port};
    location = /_ready { return 200; }
    ${locationsOf(role)}
  }
}
`;
  const file = path.join(dir, 'nginx.conf');
  await writeFile(file, config);
  const server = startProcess(resources, { file: nginxFile(), args: ['-p', dir, '-c', file, '-e', 'stderr'] });
  const url = `http://127.0.0.1:${port}`;
  await waitForUrl(server, `${url}/_ready`);
  return { url, port, pid: server.pid };
}

/** Debian's folder for it is not on every PATH. */
function nginxFile(): string {
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter).includes('/usr/sbin');
  return onPath ? 'nginx' : '/usr/sbin/nginx';
}
