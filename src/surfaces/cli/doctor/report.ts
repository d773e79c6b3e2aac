import { alignColumns } from '../output';
import type { EngineReport, Report, StepResult } from './doctor';
import type { Failure } from './failure';
import { STEP_NAMES, type StepName } from './steps';

const CELLS: Readonly<Record<StepResult['status'], string>> = {
  ok: 'ok',
  failed: 'FAILED',
  'not applicable': '-',
  'not tried': 'not tried',
};

/** The whole report for people: a table, and the failures below it. */
export function formatReport(report: Report): string {
  const failures = report.engines.flatMap((engine) => STEP_NAMES.flatMap((step) => formatFailure(engine, step)));
  return [...table(report.engines), '', ...legend(report), ...failures].join('\n');
}

/** One cell of the table. */
export function cellOf({ status }: StepResult): string {
  return CELLS[status];
}

function table(engines: readonly EngineReport[]): string[] {
  const rows = engines.map(({ version, steps }) => [version, ...STEP_NAMES.map((step) => cellOf(steps[step]))]);
  return alignColumns(['ENGINE', ...STEP_NAMES.map((step) => step.toUpperCase())], rows);
}

function legend({ engines, isHealthy }: Report): string[] {
  const statuses = engines.flatMap(({ steps }) => Object.values(steps).map(({ status }) => status));
  const lines: string[] = [];
  if (statuses.includes('not applicable')) lines.push('-          not for this engine, or not offered and not needed');
  if (statuses.includes('not tried')) lines.push('not tried  an earlier step failed');
  return [...lines, ...(isHealthy ? ['All engines passed.'] : [])];
}

function formatFailure({ version, steps }: EngineReport, step: StepName): string[] {
  const result = steps[step];
  if (result.status !== 'failed') return [];
  return ['', `docker ${version}, ${step}: FAILED`, ...failureLines(result.failure)];
}

function failureLines({ request, answer, headers, body, needed, sees }: Failure): string[] {
  const lines = [
    ['request', request],
    ['answer', answer],
    ...headers.map((header) => ['', header]),
    ...(body === '' ? [] : [['', body]]),
    ['needed', needed],
    ['user sees', sees],
  ];
  return lines.map(([label, text]) => `  ${(label ?? '').padEnd(10)} ${harmless(text ?? '')}`);
}

/** A text of the server that cannot move the cursor or colour the terminal. */
function harmless(text: string): string {
  return text.replaceAll('\n', '\\n').replace(/\p{Cc}/gu, (control) => {
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
