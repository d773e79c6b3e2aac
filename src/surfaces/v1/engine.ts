/*
 * What engines cannot do, according to their User-Agent.
 */

/**
 * Whether the engine fails on a layer of no bytes: all engines before 1.13 do, and the daemon of 0.7 crashes (engine
 * behaviour, 3 and 8).
 */
export function failsOnEmptyLayers(userAgent: string | undefined): boolean {
  return /(?:^|\s)docker\/(0\.|1\.\d(?!\d)|1\.1[0-2](?!\d))/.test(userAgent ?? '');
}

/** Whether the answer to a search may contain only strings: docker up to 0.6.5 decodes nothing else (protocol 2.13). */
export function readsOnlyStrings(userAgent: string | undefined): boolean {
  return /(?:^|\s)docker\/0\.([1-5]\.|6\.[0-5](?!\d))/.test(userAgent ?? '');
}

/** A version of docker, such as 17.06. */
export interface EngineVersion {
  readonly major: number;
  readonly minor: number;
}

/** The first docker whose v1 is switched off unless its operator wants it; those before use v1 if `/v2/` is not there. */
export const FIRST_WITHOUT_V1: EngineVersion = { major: 17, minor: 6 };

/** Whether the client is a docker before this version (engine behaviour, 3). */
export function isOlderEngine(userAgent: string | undefined, than: EngineVersion): boolean {
  const [, major, minor] = /(?:^|\s)docker\/(\d{1,4})\.(\d{1,4})/.exec(userAgent ?? '') ?? [];
  if (major === undefined) return false;
  return Number(major) < than.major || (Number(major) === than.major && Number(minor) < than.minor);
}

/** Whether the client is an engine at all. */
export function isEngine(userAgent: string | undefined): boolean {
  return /(?:^|\s)docker\//.test(userAgent ?? '');
}
