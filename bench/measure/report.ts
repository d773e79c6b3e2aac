import { formatFigure, isMet, type Goal, type Line, type Skipped } from './figures';

function goalText(goal: Goal | undefined): string {
  if (goal === undefined) return '';
  return 'atLeast' in goal ? `>= ${goal.atLeast}x` : `<= ${goal.atMost}x`;
}

function cellsOf(line: Line | Skipped): string[] {
  if ('skipped' in line) return [line.what, '', '', '', '', `skipped: ${line.skipped}`];
  const { what, unit, ours, peer, ratio, spread, goal, peerName } = line;
  const [low, high] = spread.map(formatFigure);
  const isGoalMet = isMet(line);
  const met = isGoalMet === undefined ? '' : isGoalMet ? 'met' : 'MISSED';
  const ratioText = `${formatFigure(ratio)}x (${low} to ${high})`;
  return [
    what,
    `${formatFigure(ours)} ${unit}`,
    `${formatFigure(peer)} ${unit} (${peerName})`,
    ratioText,
    goalText(goal),
    met,
  ];
}

const HEADINGS = ['what', 'Drydock', 'against', 'ratio (rounds)', 'goal', ''];

/** The lines as a Markdown table with aligned columns. */
export function tableOf(lines: readonly (Line | Skipped)[]): string {
  const rows = [HEADINGS, ...lines.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const format = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [format(HEADINGS), rule, ...rows.slice(1).map(format)].join('\n');
}
