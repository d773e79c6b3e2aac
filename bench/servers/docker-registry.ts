import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort, startProcess, waitForUrl } from '../measure/processes';
import type { Resources } from '../measure/resources';

/** Debian's `docker-registry`, distribution 2.8: the usual alternative to Drydock. */
export interface DockerRegistry {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** its storage tree */
  readonly rootDir: string;
}

/**
 * Starts one without access log, with its usual cache of blob descriptors.
 *
 * @param storage - undefined: a folder of its own
 */
export async function startDockerRegistry(resources: Resources, storage?: object): Promise<DockerRegistry> {
  const rootDir = await resources.createDir('registry');
  const configDir = await resources.createDir('registry-config');
  const port = await freePort();
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: {
      ...(storage ?? { filesystem: { rootdirectory: rootDir } }),
      cache: { blobdescriptor: 'inmemory' },
    },
    http: { addr: `127.0.0.1:${port}`, secret: 'bench' },
  };
  const file = path.join(configDir, 'config.yml');
  await writeFile(file, JSON.stringify(config)); // YAML takes JSON
  const server = startProcess(resources, {
    file: 'docker-registry',
    args: ['serve', file],
    env: { OTEL_TRACES_EXPORTER: 'none' },
  });
  const url = `http://127.0.0.1:${port}`;
  await waitForUrl(server, `${url}/v2/`);
  return { url, port, pid: server.pid, rootDir };
}
