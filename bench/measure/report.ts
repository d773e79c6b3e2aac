import { formatFigure, isMet, type Goal, type Line, type Skipped } from './figures';

/** A line with the load of the machine before and after its row. */
export type Measured = (Line | Skipped) & { readonly load?: readonly [before: number, after: number] };

function goalText(goal: Goal | undefined): string {
  if (goal === undefined) return '';
  if ('atMost' in goal) return `<= ${goal.atMost}x`;
  return `>= ${goal.atLeast}x${goal.inEachRound === true ? ' in each round' : ''}`;
}

function cellsOf(line: Measured): string[] {
  if ('skipped' in line) return [line.what, '', '', '', '', `skipped: ${line.skipped}`];
  const { what, unit, ours, peer, ratio, spread, goal, peerName } = line;
  const [low, high] = spread.map(formatFigure);
  const isGoalMet = isMet(line);
  const met = isGoalMet === undefined ? '' : isGoalMet ? 'met' : 'MISSED';
  const isCompared = peerName !== '';
  const ratioText = isCompared ? `${formatFigure(ratio)}x (${low} to ${high})` : '';
  return [
    what,
    `${formatFigure(ours)} ${unit}`,
    isCompared ? `${formatFigure(peer)} ${unit} (${peerName})` : '',
    ratioText,
    goalText(goal),
    met,
    line.load?.map((load) => load.toFixed(1)).join(', ') ?? '',
  ];
}

const HEADINGS = ['what', 'Drydock', 'against', 'ratio (rounds)', 'goal', '', 'load before, after'];

/** The lines as a Markdown table with aligned columns. */
export function tableOf(lines: readonly Measured[]): string {
  const rows = [HEADINGS, ...lines.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const format = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [format(HEADINGS), rule, ...rows.slice(1).map(format)].join('\n');
}
