/* Which engines use which protocol, by their versions as the statistics have them. */

/** A version of docker, such as 17.06. */
export interface DockerVersion {
  readonly major: number;
  readonly minor: number;
}

/** The first docker that reads manifests of schema 2, the oldest that can be pulled here (bridge 2). */
const READS_MANIFESTS: DockerVersion = { major: 1, minor: 10 };

/** The first docker whose v1 is off unless its operator turns it on. */
const WITHOUT_V1: DockerVersion = { major: 17, minor: 6 };

/** From 17.03 on, a version is the year and the month. */
const FIRST_BY_YEAR = 17;

/** Whether it is a docker before a version; false for other clients. */
export function isBefore(engine: string, version: DockerVersion): boolean {
  const found = /^(\d+)\.(\d+)/.exec(engine);
  if (found === null) return false;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return major < version.major || (major === version.major && minor < version.minor);
}

/** Whether an engine can only use v1, so that its host cannot move to a newer registry. */
export function needsV1(engine: string): boolean {
  return isBefore(engine, READS_MANIFESTS);
}

/** Whether it is a known client that uses v2 of this server. */
export function speaksV2(engine: string, firstOverV2: DockerVersion): boolean {
  if (engine.includes('/')) return true;
  return /^\d+\.\d+/.test(engine) && !isBefore(engine, firstOverV2);
}

/** The text of a version: `17.06`, `1.10`. */
export function versionText({ major, minor }: DockerVersion): string {
  return `${major}.${major < FIRST_BY_YEAR ? minor : String(minor).padStart(2, '0')}`;
}

/** The versions before one: `docker up to 17.05`. */
export function dockersBefore({ major, minor }: DockerVersion): string {
  if (minor === 0) return `docker before ${versionText({ major, minor })}`;
  return `docker up to ${versionText({ major, minor: minor - 1 })}`;
}

/** @param setting - the first docker that sees v2 of this server */
export function firstOverV2(setting: DockerVersion | 'off'): DockerVersion {
  return setting === 'off' ? WITHOUT_V1 : setting;
}
