export type Variables = ReadonlyMap<string, string>;

const VARIABLE =
  /\\(?<escaped>.)|\$(?:(?<plain>[A-Za-z_][A-Za-z0-9_]*)|\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?<operator>:?[-+])(?<word>[^}]*))?\})/g;

/** Replaces `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}`, as FROM allows; an unknown variable is empty. */
export function expandVariables(text: string, variables: Variables): string {
  return text.replace(VARIABLE, (...match) => {
    const { escaped, plain, name, operator, word = '' } = match.at(-1) as Record<string, string | undefined>;
    if (escaped !== undefined) return escaped;
    const value = variables.get(plain ?? name ?? '');
    const isSet = operator?.startsWith(':') === true ? value !== undefined && value !== '' : value !== undefined;
    if (operator?.endsWith('-') === true) return isSet ? (value ?? '') : expandVariables(word, variables);
    if (operator?.endsWith('+') === true) return isSet ? expandVariables(word, variables) : '';
    return value ?? '';
  });
}

/** Removes the quotes around a word. */
export function unquote(word: string): string {
  return /^(?<quote>["']).*\k<quote>$/s.test(word) ? word.slice(1, -1) : word;
}

/** The names and defaults of an ARG: `A B=1 C="two words"`. */
export function argumentsOf(rest: string): [string, string | undefined][] {
  const words = rest.match(/(?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+/g) ?? [];
  return words.map((word) => {
    const at = word.indexOf('=');
    return at === -1 ? [word, undefined] : [word.slice(0, at), unquote(word.slice(at + 1))];
  });
}
