import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What runs: the version of the package, and the commit if the build knew it. */
export interface Build {
  readonly version: string;
  readonly commit: string | undefined;
}

/** The folder of package.json: the code runs from `src`, and from `dist/src` once it is compiled. */
function findRoot(): string {
  let folder = __dirname;
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return folder;
}

function readBuild(): Build {
  const root = findRoot();
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  const file = path.join(root, 'dist/commit');
  return { version, commit: existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined };
}

export const BUILD: Build = readBuild();

/** `0.1.0 (4fc0e5f2a1b3)` */
export function buildName({ version, commit }: Build = BUILD): string {
  return commit === undefined ? version : `${version} (${commit})`;
}
