import { startProxy, type Proxy } from './proxy-process';

const FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** Starts an nginx. `serverBlock` is a `server { … }` that listens to the port it is given, on the loopback. */
export async function startNginx(serverBlock: (port: number) => string): Promise<Proxy> {
  return startProxy({
    program: 'nginx',
    args: (file, dir) => ['-p', dir, '-c', file, '-e', 'stderr'],
    configuration: (port, dir) => {
      const user = process.getuid?.() === 0 ? 'user root;' : '';
      const temporary = FOLDERS.map((name) => `${name}_temp_path ${dir}/${name};`).join(' ');
      return `${user} daemon off; worker_processes 1; pid ${dir}/pid; error_log stderr error;
    events { }
    http { access_log off; ${temporary} ${serverBlock(port)} }`;
    },
  });
}
