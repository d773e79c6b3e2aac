import { chmod } from 'node:fs/promises';
import { startProcess, type ServerProcess } from '../measure/processes';
import type { Resources } from '../measure/resources';
import { drydockCommand, type Drydock } from './drydock';

const START_TIMEOUT_MS = 60_000;

/** What a builder logs at the end of a build, in seconds. */
export interface BuildTimes {
  readonly build: number;
  readonly state: string;
  readonly seconds: Readonly<Record<string, number>>;
}

/** A `drydock builder` with one build at once. */
export interface BuilderProcess {
  /** Its `host:pid`. */
  readonly name: string;
  /** The builds that have ended. */
  readonly builds: readonly BuildTimes[];
}

/** Starts a builder of the server, which may fetch from the loopback. */
export async function startBuilder(resources: Resources, server: Drydock): Promise<BuilderProcess> {
  const dir = await resources.createDir('builder');
  await chmod(dir, 0o711);
  const environment = {
    DRYDOCK_BUILDER_HUB: server.url,
    DRYDOCK_BUILDER_DIR: dir,
    DRYDOCK_BUILDER_JOBS: '1',
    DRYDOCK_BUILD_ALLOW: '127.0.0.1',
    LOG_LEVEL: 'info',
  };
  const builds: BuildTimes[] = [];
  const command = drydockCommand(['builder'], server.dataDir, environment);
  const builder: ServerProcess = startProcess(resources, command, (line) => {
    if (line.includes('"a build has ended"')) builds.push(JSON.parse(line) as BuildTimes);
  });
  const [, name = ''] = await builder.waitForLine(/Drydock builder (\S+) takes builds/, START_TIMEOUT_MS);
  return { name, builds };
}
