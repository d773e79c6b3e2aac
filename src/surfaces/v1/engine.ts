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

/**
 * Whether the engine looks for `/v2/` and falls back to v1: docker before 17.06 does (engine behaviour, 3). Later
 * engines use v1 only if their operator turns it on.
 */
export function usesV1(userAgent: string | undefined): boolean {
  const [, major, minor] = /(?:^|\s)docker\/(\d{1,4})\.(\d{1,4})/.exec(userAgent ?? '') ?? [];
  return major !== undefined && (Number(major) < 17 || (Number(major) === 17 && Number(minor) < 6));
}

/** Whether the client is an engine at all. */
export function isEngine(userAgent: string | undefined): boolean {
  return /(?:^|\s)docker\//.test(userAgent ?? '');
}
