/*
 * `npm run bench`: starts Drydock and what it is compared with, measures both in alternating rounds, and prints how they
 * compare and whether the goals are met.
 *
 *   --quick          a smoke test in less than a minute; its figures mean little
 *   --only NAME …    only these rows
 *   --scale NAME     the data set of the rows that need a large one: medium (100,000 repositories) or large (a million)
 *   --variant NAME   with other settings of the server, see rows/all.ts
 *   --rounds N       instead of 5
 *   --dir PATH       for data, instead of the folder for temporary files
 *   --write          also writes the table of bench/RESULTS.md; its sections stay
 */
import { readFile, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SCALES } from './fill/sizes';
import { isMet, type Line } from './measure/figures';
import { chooseLoadGenerator, isInstalled } from './measure/load';
import { machineFacts } from './measure/machine';
import { tableOf, type Measured } from './measure/report';
import { endAll, Resources } from './measure/resources';
import { ROWS, VARIANTS } from './rows/all';
import { PROGRAMS, type Bench, type Program, type Row } from './rows/row';

const RESULTS_FILE = path.join(__dirname, '../../bench/RESULTS.md');
const ROW_TIMEOUT_MS = 60 * 60_000;

let isInterrupted = false;

interface Options {
  readonly bench: Bench;
  readonly rows: readonly Row[];
  readonly variant: string;
  readonly dir: string;
  readonly isWriting: boolean;
}

function readOptions(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      scale: { type: 'string', default: 'medium' },
      variant: { type: 'string', default: 'default' },
      rounds: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
      write: { type: 'boolean', default: false },
    },
  });
  const names = [...values.only, ...positionals];
  const unknown = names.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length > 0) {
    throw new Error(`No such row: ${unknown.join(', ')}. There are ${ROWS.map(({ name }) => name).join(', ')}.`);
  }
  if (!(values.scale in SCALES)) throw new Error(`There are the scales ${Object.keys(SCALES).join(', ')}.`);
  const environment = VARIANTS[values.variant];
  if (environment === undefined) throw new Error(`There are the variants ${Object.keys(VARIANTS).join(', ')}.`);
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a number from 1.');
  return {
    bench: {
      isQuick: values.quick,
      scale: values.scale,
      rounds,
      seconds: values.quick ? 1 : 4,
      load: chooseLoadGenerator(),
      environment,
      progress: (line) => console.error(`  ${line}`),
    },
    rows: ROWS.filter(({ name }) => names.length === 0 || names.includes(name)),
    variant: values.variant,
    dir: path.resolve(values.dir),
    isWriting: values.write,
  };
}

const isMissing = (program: Program): boolean => !isInstalled(program);

function missingText(programs: readonly Program[]): string {
  const packages = programs.map((program) => PROGRAMS[program]);
  return `not installed: ${programs.join(', ')} (apt-get install ${packages.join(' ')})`;
}

function withTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took more than ${ROW_TIMEOUT_MS / 60_000} minutes`)), ROW_TIMEOUT_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** The load of the machine during the last minute: other work makes figures worse. */
const loadNow = (): number => loadavg()[0] ?? 0;

/** A row that fails is a line of the table, and does not end the others. */
async function measureRow(row: Row, { bench, dir }: Options): Promise<{ lines: Measured[]; failed: boolean }> {
  const missing = row.needs.filter(isMissing);
  if (missing.length > 0) return { lines: [{ what: row.name, skipped: missingText(missing) }], failed: false };
  console.error(row.name);
  const resources = new Resources(dir);
  const before = loadNow();
  try {
    const lines = await withTimeout(row.measure(bench, resources));
    const load = [before, loadNow()] as const;
    return { lines: lines.map((line) => ({ ...line, load })), failed: false };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`  failed: ${reason}`);
    return { lines: [{ what: row.name, skipped: `it failed, see above` }], failed: true };
  } finally {
    await resources.end();
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const lines: Measured[] = [];
  for (const row of options.rows) {
    if (isInterrupted) return;
    const result = await measureRow(row, options);
    if (result.failed) process.exitCode = 1;
    lines.push(...result.lines);
  }
  if (isInterrupted) return;
  const table = tableOf(lines);
  const { bench, variant } = options;
  const facts = await machineFacts({ wrk: 'wrk', ...PROGRAMS });
  const how = `${bench.rounds} alternating rounds, medians; load from ${bench.load.name}; scale ${bench.scale}; variant ${variant}`;
  const measured = lines.filter((line): line is Measured & Line => 'goal' in line);
  const goals = measured.map(isMet).filter((met) => met !== undefined);
  const summary = `${goals.filter((met) => met).length} of ${goals.length} goals that were measured are met.`;
  console.log(`\n${table}\n\n${summary}\n${how}\n${facts.join('\n')}`);
  if (!options.isWriting) return;
  const date = new Date().toISOString().slice(0, 10);
  const list = [how, ...facts].map((fact) => `- ${fact}`).join('\n');
  const text = `# What the bench measured\n\nWritten by \`npm run bench -- --write\` on ${date}.\n\n${list}\n\n${table}\n\n${summary}\n`;
  const before = await readFile(RESULTS_FILE, 'utf8');
  await writeFile(RESULTS_FILE, text + before.slice(before.indexOf('\n## ')));
}

function endEarly(signal: NodeJS.Signals): void {
  console.error(`\n${signal}: stopping what was started`);
  isInterrupted = true;
  void endAll().finally(() => process.exit(130));
}

process.once('SIGINT', endEarly);
process.once('SIGTERM', endEarly);
main()
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  })
  .finally(() => endAll());
