import { Argument, type Command, type Option } from 'commander';
import { printLine } from './output';

/*
 * Completion in shells. The scripts have all words in them, because starting Node.js for each press of a key would take
 * too long.
 */

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const ABOUT = `print a script that completes the commands of drydock in a shell

  bash: drydock completion bash > ~/.local/share/bash-completion/completions/drydock
  zsh:  drydock completion zsh > _drydock, in a folder of $fpath
  fish: drydock completion fish > ~/.config/fish/completions/drydock.fish`;

interface Word {
  readonly text: string;
  readonly about: string;
}

/** A command with its words, such as `drydock user`, and what can follow. */
interface Place {
  readonly words: string;
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
}

/** `drydock completion SHELL`. */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .summary('print a script that completes commands in bash, zsh or fish')
    .description(ABOUT)
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action((shell: Shell) => printLine(SCRIPTS[shell](placesOf(program, program.name()))));
}

function placesOf(command: Command, words: string): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command).filter((child) => child.name() !== 'help');
  const options = help.visibleOptions(command).flatMap((option) => longName(option) ?? []);
  const place = {
    words,
    commands: commands.map((child) => ({ text: child.name(), about: help.subcommandDescription(child) })),
    options,
  };
  return [place, ...commands.flatMap((child) => placesOf(child, `${words} ${child.name()}`))];
}

function longName({ long, description }: Option): Word | undefined {
  return long === undefined ? undefined : { text: long, about: description };
}

/** Names of commands and options have no character that a shell would read otherwise. */
function quoted({ words }: Place): string {
  return `"${words}"`;
}

/** The words that can follow: where commands can follow, there is only --help in addition. */
function next({ commands, options }: Place): string {
  return (commands.length > 0 ? commands : options).map(({ text }) => text).join(' ');
}

function bash(places: readonly Place[]): string {
  const [, ...children] = places;
  return `_drydock() {
  local place=drydock words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$place \${COMP_WORDS[i]}" in
      ${children.map(quoted).join(' | ')})
        place="$place \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$place" in
${places.map((place) => `    ${quoted(place)}) words="${next(place)}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _drydock drydock`;
}

function zsh(places: readonly Place[]): string {
  const [, ...children] = places;
  return `#compdef drydock
_drydock() {
  local place=drydock i
  for ((i = 2; i < CURRENT; i++)); do
    case "$place $words[i]" in
      ${children.map(quoted).join(' | ')})
        place="$place $words[i]" ;;
    esac
  done
  case "$place" in
${places.map((place) => `    ${quoted(place)}) compadd -- ${next(place)} ;;`).join('\n')}
  esac
}
if [[ "$funcstack[1]" == _drydock ]]; then _drydock; else compdef _drydock drydock; fi`;
}

function fish(places: readonly Place[]): string {
  const [, ...children] = places;
  const lines = places.flatMap(({ words, commands, options }) => {
    const start = `complete -c drydock -n '__drydock_at ${words}'`;
    return [
      ...commands.map(({ text, about }) => `${start} -f -a ${text} -d ${fishText(about)}`),
      ...options.map(({ text, about }) => `${start} -l ${text.slice(2)} -d ${fishText(about)}`),
    ];
  });
  return `function __drydock_at
  set -l place drydock
  set -l words (commandline -opc)
  set -e words[1]
  for word in $words
    if contains -- "$place $word" ${children.map(quoted).join(' ')}
      set place "$place $word"
    end
  end
  test "$place" = "$argv"
end
${lines.join('\n')}`;
}

function fishText(text: string): string {
  return `'${(text.split('\n')[0] ?? '').replace(/['\\]/g, String.raw`\$&`)}'`;
}

const SCRIPTS: Readonly<Record<Shell, (places: readonly Place[]) => string>> = { bash, zsh, fish };
