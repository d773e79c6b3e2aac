import { raw } from 'hono/html';
import { formatDuration } from '../../../components/quantities';
import type { View } from '../../../view';
import { lineHtml } from './ansi';
import type { LogStep } from './steps';

const TITLE_CHARACTERS = 300;

/**
 * A step of a build, which can be folded.
 *
 * @param until - when the next one began; undefined: it runs, or nobody knows
 */
export function StepView({
  step: { title, at, lines },
  until,
  isOpen,
  writes = lineHtml,
}: {
  readonly step: LogStep;
  readonly until: Date | undefined;
  readonly isOpen: boolean;
  /** the HTML of a line */
  readonly writes?: (line: string) => string;
}): View {
  const text = title === undefined ? 'Output' : title.slice(0, TITLE_CHARACTERS);
  return (
    <details class="step" data-at={at.toISOString()} open={isOpen}>
      <summary>
        <span class="mono">{text}</span>{' '}
        <span class="fine took">{until !== undefined && formatDuration(until.getTime() - at.getTime())}</span>
      </summary>
      <pre class="log">{raw(lines.map(writes).join(''))}</pre>
    </details>
  );
}
