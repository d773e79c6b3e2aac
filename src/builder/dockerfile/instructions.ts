/** An instruction of a Dockerfile, with its continued lines joined. */
export interface Instruction {
  /** In upper case. */
  readonly name: string;
  readonly rest: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

const DIRECTIVE = /^#\s*(?<name>[a-z]+)\s*=\s*(?<value>.*?)\s*$/i;
const HEREDOC = /<<(?<dash>-?)(?<quote>["']?)(?<word>[A-Za-z_][A-Za-z0-9_]*)\k<quote>(?=\s|$)/g;
const WITH_HEREDOC = new Set(['RUN', 'COPY', 'ADD']);

/** The character that continues a line: a directive in the first lines can change it. */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const { name = '', value = '' } = DIRECTIVE.exec(line)?.groups ?? {};
    if (name === '') break;
    if (name.toLowerCase() === 'escape') return value === '`' ? '`' : '\\';
  }
  return '\\';
}

/** Takes the lines of an instruction from the front of the remaining ones. */
function takeLogicalLine(lines: string[], escape: string): string {
  let joined = '';
  for (;;) {
    const line = (lines.shift() ?? '').trimEnd();
    const isContinued = line.endsWith(escape);
    joined += isContinued ? line.slice(0, -1) : line;
    if (!isContinued) return joined;
    // Comments and empty lines between continued lines do not count.
    while (lines.length > 0 && /^\s*(#.*)?$/.test(lines[0] ?? '')) lines.shift();
    if (lines.length === 0) return joined;
  }
}

/** Drops the lines of the documents that an instruction has behind it. */
function dropHeredocs(lines: string[], rest: string): void {
  for (const { groups: { dash, word } = {} } of rest.matchAll(HEREDOC)) {
    const isEnd = (line: string): boolean => (dash === '-' ? line.replace(/^\t+/, '') : line) === word;
    const end = lines.findIndex((line) => isEnd(line.replace(/\r$/, '')));
    lines.splice(0, end === -1 ? lines.length : end + 1);
  }
}

/** Splits a Dockerfile into its instructions. Nothing is checked: what is wrong with one, the build says. */
export function instructionsOf(dockerfile: string): Instruction[] {
  const lines = dockerfile.replace(/^\uFEFF/, '').split('\n');
  const total = lines.length;
  const escape = escapeOf(lines);
  const found: Instruction[] = [];
  while (lines.length > 0) {
    const line = total - lines.length + 1;
    if (/^\s*(#.*)?$/.test(lines[0] ?? '')) {
      lines.shift();
      continue;
    }
    const text = takeLogicalLine(lines, escape).trim();
    const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
    const name = word.toUpperCase();
    if (WITH_HEREDOC.has(name)) dropHeredocs(lines, rest);
    found.push({ name, rest, line });
  }
  return found;
}
