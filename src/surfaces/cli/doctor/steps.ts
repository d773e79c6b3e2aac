import type { EngineRun, Step } from './engine-run';
import { deleteRepository } from './steps/delete';
import { login, register } from './steps/login';
import { ping } from './steps/ping';
import { pull } from './steps/pull';
import { push, pushAgain } from './steps/push';
import { resume } from './steps/resume';
import { search } from './steps/search';
import { v1ToV2 } from './steps/v1-to-v2';
import { v2 } from './steps/v2';
import { v2ToV1 } from './steps/v2-to-v1';

/** The steps of the doctor with each engine, in order. */
export const STEP_NAMES = [
  'ping',
  'login',
  'register',
  'push',
  'push again',
  'pull',
  'resume',
  'search',
  'v2',
  'v1 to v2',
  'v2 to v1',
  'delete',
] as const;

export type StepName = (typeof STEP_NAMES)[number];

interface StepRow {
  readonly run: Step;
  /** the steps that must succeed for this one to be meaningful; if one does not apply, this one does not either */
  readonly needs: readonly StepName[];
  /** a further condition */
  readonly applies?: (run: EngineRun) => boolean;
}

export const STEPS: Readonly<Record<StepName, StepRow>> = {
  ping: { run: ping, needs: [] },
  login: { run: login, needs: ['ping'] },
  register: { run: register, needs: ['ping'] },
  push: { run: push, needs: ['ping'] },
  'push again': { run: pushAgain, needs: ['push'] },
  pull: { run: pull, needs: ['push'] },
  resume: { run: resume, needs: ['pull'] },
  search: { run: search, needs: ['push'] },
  v2: { run: v2, needs: ['ping'] },
  'v1 to v2': { run: v1ToV2, needs: ['push', 'v2'] },
  'v2 to v1': { run: v2ToV1, needs: ['push', 'v2'] },
  // A push that failed half-way leaves something to clean up.
  delete: { run: deleteRepository, needs: ['ping'], applies: ({ isOpened }) => isOpened },
};
