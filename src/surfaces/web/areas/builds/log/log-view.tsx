import { readLogEnd } from '../../../../../features/builds/build-log';
import type { Build } from '../../../../../features/builds/builds';
import type { Context } from '../../../../../context';
import { assetUrl } from '../../../assets';
import { Empty } from '../../../components/page-parts';
import type { Children, View } from '../../../view';
import type { ShownRepository } from '../../repository/repository-page';
import { buildPath, isOpen } from '../build-parts';
import { linesOf, stepsOf, type LogStep } from './steps';
import { StepView } from './step-view';

/* The log on the page of a build: its end, if it is long. */

const SHOWN_BYTES = 512 * 1024;
const SHOWN_LINES = 5000;

/** The log of a build as its page shows it. */
export interface ShownLog {
  readonly steps: readonly LogStep[];
  /** the number of the last chunk */
  readonly last: number;
  readonly isWhole: boolean;
}

/** Reads the log of a build for its page. */
export async function readShownLog(ctx: Context, repository: ShownRepository, { id }: Build): Promise<ShownLog> {
  const { chunks, last, isWhole } = await readLogEnd(ctx, repository, id, SHOWN_BYTES);
  const lines = linesOf(chunks);
  // Of a log whose beginning is left out, the first line may be the end of one.
  const shown = lines.slice(isWhole ? 0 : 1).slice(-SHOWN_LINES);
  return { steps: stepsOf(shown), last, isWhole: isWhole && shown.length === lines.length };
}

/** The form that searches the log. The script does so in the page, if all of it is there. */
export function LogSearch({ text }: { readonly text: string }): View {
  return (
    <form class="filters" role="search" aria-label="The log">
      <div class="field">
        <label for="log-search">Search the log</label>
        <input id="log-search" type="search" name="q" value={text} maxlength={200} autocomplete="off" />
      </div>
      <button type="submit" class="quiet">
        Search
      </button>
    </form>
  );
}

/** The log with its heading, its search and its download. */
export function LogPanel({
  repository,
  build,
  text = '',
  children,
}: {
  readonly repository: ShownRepository;
  readonly build: Build;
  /** what is searched for */
  readonly text?: string;
  readonly children?: Children;
}): View {
  return (
    <section aria-labelledby="log-heading">
      <div class="heading">
        <h2 id="log-heading">Log</h2>
        {build.logBytes > 0 && (
          <div class="actions">
            <a class="button quiet" href={buildPath(repository, build, 'log.txt')} download>
              Download
            </a>
          </div>
        )}
      </div>
      {build.logBytes > 0 && <LogSearch text={text} />}
      <p role="status" class="log-status fine"></p>
      {children}
      <script type="module" src={assetUrl('build-log.js')}></script>
    </section>
  );
}

function Nothing({ build }: { readonly build: Build }): View {
  if (build.logBytes > 0) {
    return (
      <Empty title="The log was deleted">
        <p>Logs are kept for 90 days, the history longer.</p>
      </Empty>
    );
  }
  if (isOpen(build)) return <></>;
  return (
    <Empty title="This build has no log">
      <p>It ended before anything was built.</p>
    </Empty>
  );
}

/** The log of a build by its steps: of one that runs or has failed, the last step is open. */
export function LogView({
  repository,
  build,
  log: { steps, last, isWhole },
}: {
  readonly repository: ShownRepository;
  readonly build: Build;
  readonly log: ShownLog;
}): View {
  const isLive = isOpen(build);
  const live = isLive ? { 'data-events': buildPath(repository, build, `events/?after=${last}`) } : {};
  const ended = build.finishedAt;
  return (
    <LogPanel repository={repository} build={build}>
      {!isWhole && steps.length > 0 && (
        <p class="notice warn">The log is long. This is its end; download it, or search it, to see all of it.</p>
      )}
      {steps.length === 0 && <Nothing build={build} />}
      {isLive && (
        <noscript>
          <p class="fine">
            Without JavaScript, <a href={buildPath(repository, build)}>load the page again</a> to see what was added.
          </p>
        </noscript>
      )}
      <div id="log" class="steps-of-log" {...live} {...(isWhole ? { 'data-whole': '' } : {})}>
        {steps.map((step, at) => (
          <StepView
            step={step}
            until={steps[at + 1]?.at ?? ended}
            isOpen={at === steps.length - 1 && build.state !== 'success'}
          />
        ))}
      </div>
    </LogPanel>
  );
}
