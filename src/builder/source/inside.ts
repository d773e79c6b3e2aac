import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { BuildFailure } from '../build-failure';

/** A larger Dockerfile is not one. */
const MAX_BYTES = 2 ** 20;

/** The files of a source that a build needs. */
export interface BuildInput {
  /** Relative to the source, without a link on the way. */
  readonly dockerfile: string;
  readonly context: string;
  readonly text: string;
}

/**
 * Finds the Dockerfile and the context in an untrusted source. Symbolic links count as what they lead to, and
 * nothing may lead out of the source.
 *
 * @param source - the folder of the source
 * @param dockerfilePath - relative to the source, with or without a slash before it; a folder means its `Dockerfile`
 * @throws BuildFailure when they are not there, or outside
 */
export async function findBuildInput(source: string, dockerfilePath: string, contextPath: string): Promise<BuildInput> {
  const root = await realpath(source);
  let found = await inside(root, dockerfilePath, 'Dockerfile');
  if ((await stat(found)).isDirectory())
    found = await inside(root, path.join(dockerfilePath, 'Dockerfile'), 'Dockerfile');
  const context = await inside(root, contextPath, 'context');
  if (!(await stat(context)).isDirectory()) throw new BuildFailure(`The context ${contextPath} is not a folder.`);
  return {
    dockerfile: path.relative(root, found),
    context: path.relative(root, context),
    text: await readDockerfile(found, dockerfilePath),
  };
}

async function inside(root: string, wanted: string, what: string): Promise<string> {
  const joined = path.join(root, path.join('/', wanted));
  const found = await realpath(joined).catch((error: unknown) => {
    throw new BuildFailure(`The source has no ${what} ${wanted}.`, { cause: error });
  });
  if (found === root || found.startsWith(`${root}/`)) return found;
  throw new BuildFailure(`The ${what} ${wanted} is a link that leads out of the source.`);
}

async function readDockerfile(found: string, wanted: string): Promise<string> {
  const file = await open(found, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat();
    if (!(await file.stat()).isFile()) throw new BuildFailure(`The Dockerfile ${wanted} is not a file.`);
    if (size > MAX_BYTES) throw new BuildFailure(`The Dockerfile ${wanted} is larger than 1 MiB.`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
