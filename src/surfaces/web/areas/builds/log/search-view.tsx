import { readWholeLog } from '../../../../../features/builds/build-log';
import type { Build } from '../../../../../features/builds/builds';
import { withoutColours } from '../../../../../features/builds/log-text';
import type { Context } from '../../../../../context';
import { Empty } from '../../../components/page-parts';
import { plural } from '../../../components/quantities';
import type { View } from '../../../view';
import type { ShownRepository } from '../../repository/repository-page';
import { buildPath } from '../build-parts';
import { markedHtml } from './ansi';
import { LogPanel } from './log-view';
import { headingOf, LineReader, type LogLine, type LogStep } from './steps';
import { StepView } from './step-view';

/* The lines of a log with a text in them, for `?q=`. */

const MOST_LINES = 500;
const TEXT_CHARACTERS = 200;

/** What was found. */
export interface FoundLines {
  readonly text: string;
  /** the steps with such lines */
  readonly steps: readonly LogStep[];
  readonly count: number;
}

/** The text that is searched for; empty: none is. */
export function searchedText(query: URLSearchParams): string {
  return (query.get('q') ?? '').trim().slice(0, TEXT_CHARACTERS);
}

class Finder {
  readonly steps: LogStep[] = [];
  count = 0;
  #title: LogStep = { title: undefined, at: new Date(0), lines: [] };

  constructor(private readonly text: string) {}

  look(line: LogLine): void {
    const title = headingOf(line);
    if (title !== undefined) this.#title = { title, at: line.at, lines: [] };
    const plain = withoutColours(line.text);
    if (!plain.toLowerCase().includes(this.text)) return;
    this.count += 1;
    if (this.count > MOST_LINES) return;
    if (this.steps.at(-1) !== this.#title) this.steps.push(this.#title);
    this.#title.lines.push(plain);
  }
}

/** Searches the whole log of a build, in any case of letters. */
export async function searchLog(
  ctx: Context,
  repository: ShownRepository,
  { id }: Build,
  text: string,
): Promise<FoundLines> {
  const finder = new Finder(text.toLowerCase());
  const reader = new LineReader();
  for await (const chunks of readWholeLog(ctx, repository, id))
    for (const line of chunks.flatMap((chunk) => reader.read(chunk))) finder.look(line);
  for (const line of reader.end()) finder.look(line);
  return { text, steps: finder.steps, count: finder.count };
}

/** The lines that were found, by their steps. */
export function FoundView({
  repository,
  build,
  found: { text, steps, count },
}: {
  readonly repository: ShownRepository;
  readonly build: Build;
  readonly found: FoundLines;
}): View {
  const all = <a href={buildPath(repository, build)}>Show the whole log</a>;
  return (
    <LogPanel repository={repository} build={build} text={text}>
      {count === 0 && (
        <Empty title={`No line has “${text}”`}>
          <p>{all}</p>
        </Empty>
      )}
      {count > 0 && (
        <p>
          {plural(count, 'line')} with “{text}”{count > MOST_LINES && `, of which these are the first ${MOST_LINES}`}.{' '}
          {all}
        </p>
      )}
      <div id="log" class="steps-of-log">
        {steps.map((step) => (
          <StepView
            step={step}
            until={undefined}
            isOpen={true}
            writes={(line) => markedHtml(line, text.toLowerCase())}
          />
        ))}
      </div>
    </LogPanel>
  );
}
