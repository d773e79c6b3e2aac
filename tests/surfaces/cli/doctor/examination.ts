import { DEFAULT_LIMITS, examine, type Examination, type Report } from '../../../../src/surfaces/cli/doctor/doctor';
import { GENERATIONS } from '../../../../src/surfaces/cli/doctor/generations';
import type { Failure } from '../../../../src/surfaces/cli/doctor/failure';
import { CLIENT_OF_TODAY } from '../../../../src/surfaces/cli/doctor/client-of-today';
import { passwordOf } from '../../../helpers/test-server';
import type { Meddling, PassingRequest } from './meddling-proxy';

/** Runs the doctor with all engines, as alice. */
export function examineAs(url: string, changes: Partial<Examination> = {}): Promise<Report> {
  const credentials = { username: 'alice', password: passwordOf('alice') };
  const repository = 'alice/doctor';
  return examine(
    { url, generations: GENERATIONS, credentials, repository, limits: DEFAULT_LIMITS, ...changes },
    () => undefined,
  );
}

/** The same fault of a server that has no v2 API for clients of today. */
export function withoutV2(meddling: Meddling): Meddling {
  const isOfToday = ({ headers }: PassingRequest): boolean => headers.some(([, value]) => value === CLIENT_OF_TODAY);
  const missing = { status: 404, headers: [], body: Buffer.from('404 page not found\n') };
  return { ...meddling, instead: (request) => (isOfToday(request) ? missing : meddling.instead?.(request)) };
}

/** Runs the doctor with all or some engines at once, which is quicker; they share only the account. */
export async function examineAtOnce(url: string, changes: Partial<Examination> = {}): Promise<Report> {
  const { generations = GENERATIONS } = changes;
  const reports = await Promise.all(
    generations.map((generation) => examineAs(url, { ...changes, generations: [generation] })),
  );
  const [first] = reports;
  if (!first) throw new Error('there are no engines');
  return {
    ...first,
    isHealthy: reports.every(({ isHealthy }) => isHealthy),
    engines: reports.flatMap(({ engines }) => engines),
  };
}

/** The failed steps of each engine: `{ '0.6': ['push'] }`. */
export function failedSteps(report: Report): Record<string, string[]> {
  const failed = report.engines.map(({ generation, steps }) => {
    const names = Object.entries(steps).flatMap(([name, { status }]) => (status === 'failed' ? [name] : []));
    return [generation, names] as const;
  });
  return Object.fromEntries(failed.filter(([, names]) => names.length > 0));
}

/** The failure of one step of one engine. */
export function failureOf(report: Report, generation: string, step: string): Failure {
  const engine = report.engines.find((each) => each.generation === generation);
  const result = Object.entries(engine?.steps ?? {}).find(([name]) => name === step)?.[1];
  if (result?.status !== 'failed') throw new Error(`${generation} ${step} did not fail`);
  return result.failure;
}
