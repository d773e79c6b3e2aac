import {
  createSourceFile,
  getLeadingCommentRanges,
  getTrailingCommentRanges,
  isCallExpression,
  isIdentifier,
  isJsxText,
  isPropertyAccessExpression,
  isStringLiteralLike,
  isTemplateExpression,
  ScriptTarget,
  type Expression,
  type Node,
  type TextRange,
} from 'typescript';

/*
 * The prose in TypeScript: comments, and titles of tests. Everything else is blanked, so that line numbers stay.
 */

const TESTS = new Set(['describe', 'it', 'test']);

/** The text with everything outside of these ranges blanked. */
function keep(text: string, ranges: readonly TextRange[]): string {
  const sorted = [...new Map(ranges.map((range) => [range.pos, range])).values()].sort((a, b) => a.pos - b.pos);
  const parts: string[] = [];
  let end = 0;
  for (const range of sorted) {
    parts.push(text.slice(end, range.pos).replaceAll(/[^\n]/g, ' '), text.slice(range.pos, range.end));
    ({ end } = range);
  }
  return parts.join('');
}

/** All nodes of a TypeScript file, down to its tokens. */
function nodesOf(text: string): readonly Node[] {
  const nodes: Node[] = [];
  const visit = (node: Node): void => {
    nodes.push(node);
    for (const child of node.getChildren()) visit(child);
  };
  visit(createSourceFile('text.tsx', text, ScriptTarget.Latest, true));
  return nodes;
}

/** The comments of a TypeScript file, without code in backquotes. */
export function commentsOf(text: string): string {
  const ranges = nodesOf(text)
    .filter((node) => node.getChildCount() === 0 && !isJsxText(node))
    .flatMap((token) => [
      ...(getLeadingCommentRanges(text, token.pos) ?? []),
      ...(getTrailingCommentRanges(text, token.end) ?? []),
    ]);
  return keep(text, ranges).replaceAll(/`[^`\n]*`/g, (code) => ' '.repeat(code.length));
}

/** Whether a called function registers a test: `it`, `it.each(…)`, `describe.each(…)`. */
function isTest(callee: Expression): boolean {
  if (isIdentifier(callee)) return TESTS.has(callee.text);
  if (isPropertyAccessExpression(callee) || isCallExpression(callee)) return isTest(callee.expression);
  return false;
}

/** The titles of the tests in a TypeScript file. */
export function titlesOf(text: string): string {
  const titles = nodesOf(text).flatMap((node) => {
    if (!isCallExpression(node) || !isTest(node.expression)) return [];
    const [title] = node.arguments;
    return title !== undefined && (isStringLiteralLike(title) || isTemplateExpression(title)) ? [title] : [];
  });
  return keep(
    text,
    titles.map((title) => ({ pos: title.getStart(), end: title.end })),
  );
}
