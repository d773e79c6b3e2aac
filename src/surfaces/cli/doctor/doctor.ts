import { randomBytes } from 'node:crypto';

import { NoAnswer, StepFailure, unanswered, type Failure } from './failure';
import type { EngineRun } from './engine-run';
import type { Generation } from './generations';
import { freshNewcomer, type Newcomer } from './newcomer';
import { createPushedRepository } from './pushed-image';
import { EngineSession, type Credentials } from './session';
import { STEP_NAMES, STEPS, type StepName } from './steps';
import type { Limits } from '../../../client/wire/wire';

/** The server to examine, and the account to use. */
export interface Examination {
  /** `http://host`, `https://host`, or only a host: then the engines try https first */
  readonly url: string;
  readonly generations: readonly Generation[];
  readonly credentials: Credentials;
  /** `namespace/name` or `name`: each engine adds its own suffix, unless the repository exists */
  readonly repository: string;
  /** the repository exists: all engines push to it, and none deletes it; a robot cannot create a repository */
  readonly isExisting?: boolean;
  /** what the engines register; undefined: a user with a random name */
  readonly newcomer?: Newcomer;
  readonly limits: Limits;
}

export type StepResult =
  | { readonly status: 'ok' | 'not tried' }
  | { readonly status: 'not applicable'; readonly reason: string }
  | { readonly status: 'failed'; readonly failure: Failure };

export interface EngineReport {
  readonly generation: string;
  readonly version: string;
  readonly steps: Readonly<Record<StepName, StepResult>>;
}

export interface Report {
  readonly url: string;
  readonly username: string;
  readonly isHealthy: boolean;
  readonly engines: readonly EngineReport[];
}

type Progress = (generation: Generation, step: StepName, result: StepResult) => void;

export const DEFAULT_LIMITS: Limits = { insecure: false, idleMs: 10_000, totalMs: 60_000, bodyBytes: 8 * 1024 * 1024 };

/** Runs all steps with each engine, one engine after the other. */
export async function examine(examination: Examination, progress: Progress): Promise<Report> {
  const engines: EngineReport[] = [];
  const newcomer = examination.newcomer ?? freshNewcomer();
  for (const generation of examination.generations) {
    const run = await startRun({ ...examination, newcomer }, generation);
    const steps = await takeSteps(run, (step, result) => progress(generation, step, result));
    engines.push({ generation: generation.name, version: generation.version, steps });
  }
  const all = engines.flatMap(({ steps }) => Object.values(steps));
  const isHealthy = all.every(({ status }) => status === 'ok' || status === 'not applicable');
  return { url: examination.url, username: examination.credentials.username, isHealthy, engines };
}

async function startRun(examination: Examination & { newcomer: Newcomer }, generation: Generation): Promise<EngineRun> {
  const { schemes, host } = parseUrl(examination.url);
  const { isExisting = false } = examination;
  const index = { scheme: schemes[0], host };
  return {
    session: new EngineSession(generation, index, examination.credentials, examination.limits),
    repository: isExisting ? examination.repository : `${examination.repository}-${randomBytes(4).toString('hex')}`,
    schemes,
    pushed: await createPushedRepository(generation),
    pulled: new Map(),
    isOpened: false,
    endpoints: [],
    newcomer: examination.newcomer,
    isKept: isExisting,
  };
}

type Schemes = readonly ['http' | 'https', ...('http' | 'https')[]];

/** The server's place, without a path, because engines add their own paths to the host. */
export function parseUrl(url: string): { readonly schemes: Schemes; readonly host: string } {
  const [, scheme, host] = /^(?:(https?):\/\/)?([^/\s]+)\/?(?:v1\/?)?$/.exec(url) ?? [];
  if (host === undefined || !URL.canParse(`http://${host}/`)) throw new Error(`not a server URL: ${url}`);
  if (scheme === undefined) return { schemes: ['https', 'http'], host };
  return { schemes: [scheme === 'https' ? 'https' : 'http'], host };
}

async function takeSteps(
  run: EngineRun,
  progress: (step: StepName, result: StepResult) => void,
): Promise<Record<StepName, StepResult>> {
  const results: Partial<Record<StepName, StepResult>> = {};
  let isOver = false;
  for (const name of STEP_NAMES) {
    const { needs, applies } = STEPS[name];
    const needed = needs.map((need) => results[need]);
    const skipped = needed.find((result) => result?.status === 'not applicable');
    const isReady: boolean = !isOver && needed.every((result) => result?.status === 'ok') && (applies?.(run) ?? true);
    const taken: Taken = skipped
      ? { result: skipped, isFinal: false }
      : isReady
        ? await takeStep(run, name)
        : NOT_TRIED;
    isOver = isOver || taken.isFinal;
    results[name] = taken.result;
    progress(name, taken.result);
  }
  return results as Record<StepName, StepResult>;
}

interface Taken {
  readonly result: StepResult;
  /** no later step can succeed */
  readonly isFinal: boolean;
}

const NOT_TRIED: Taken = { result: { status: 'not tried' }, isFinal: false };

async function takeStep(run: EngineRun, name: StepName): Promise<Taken> {
  try {
    const skipped = await STEPS[name].run(run);
    return { result: skipped ? { status: 'not applicable', ...skipped } : { status: 'ok' }, isFinal: false };
  } catch (error) {
    if (error instanceof StepFailure) {
      return { result: { status: 'failed', failure: error.failure }, isFinal: error.isFinal };
    }
    if (error instanceof NoAnswer) return { result: { status: 'failed', failure: unanswered(error) }, isFinal: false };
    throw error;
  }
}
