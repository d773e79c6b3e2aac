import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLog } from '../../../../../features/builds/build-log';
import { getBuild } from '../../../../../features/builds/builds';
import type { ReadableRepository } from '../../../../../features/repositories/access';
import type { Context } from '../../../../../context';
import type { ByteSource } from '../../../../../platform/bytes/byte-source';
import type { LivePlace } from '../../../../../platform/http/live-streams';
import { render } from '../../../view';
import { repositoryPage } from '../../repository/repository-page';
import { buildIdIn } from '../build-parts';
import { lineHtml } from './ansi';
import { headingOf, LineReader, stepsOf, type LogLine } from './steps';
import { StepView } from './step-view';

/*
 * The log of a running build as server-sent events. The id of an event is the number of the last chunk in it, with which
 * a client resumes on any host. Its data is JSON with HTML: lines of the step that the client has last, then new steps.
 */

const POLL_MS = 1000;

/** Proxies give up on a connection that is silent. */
const SILENT_POLLS = 15;

/** Then the client connects again, and is asked again who it is. */
const LONGEST_MS = 5 * 60_000;

const RETRY = 'retry: 2000\n\n';
const SIGN_OF_LIFE = ':\n\n';

/** The number after which to continue: that of the last event, or of what the page had. */
function askedAfter(req: IncomingMessage, query: URLSearchParams): number {
  const header = req.headers['last-event-id'];
  const given = typeof header === 'string' && header !== '' ? header : (query.get('after') ?? '');
  return /^\d{1,9}$/.test(given) ? Number(given) : 0;
}

function logEvent(lines: readonly LogLine[], id: number, isFirst: boolean): string {
  const next = isFirst ? 0 : lines.findIndex((line) => headingOf(line) !== undefined);
  const before = next < 0 ? lines : lines.slice(0, next);
  const steps = next < 0 ? [] : stepsOf(lines.slice(next));
  const views = steps.map((step, at) =>
    render(<StepView step={step} until={steps[at + 1]?.at} isOpen={at === steps.length - 1} />),
  );
  const html = before.map(({ text }) => lineHtml(text)).join('') + views.join('');
  return `id: ${id}\ndata: ${JSON.stringify({ html })}\n\n`;
}

class LogEvents implements ByteSource {
  readonly #reader = new LineReader();
  #after: number;
  #isFirst: boolean;
  /** of a chunk that ends within a line */
  #lines: LogLine[] = [];

  constructor(
    private readonly ctx: Context,
    private readonly of: { readonly repository: ReadableRepository; readonly buildId: number; readonly after: number },
    private readonly place: LivePlace,
  ) {
    this.#after = of.after;
    this.#isFirst = of.after === 0;
  }

  async copyTo(take: (piece: Buffer) => Promise<void>, gone?: AbortSignal): Promise<void> {
    const { closing } = this.place;
    const over = AbortSignal.any([closing, AbortSignal.timeout(LONGEST_MS), ...(gone === undefined ? [] : [gone])]);
    const send = (text: string): Promise<void> => take(Buffer.from(text));
    try {
      await send(RETRY);
      for (let silent = 0; !over.aborted;) {
        const { events, isLast } = await this.#next();
        for (const event of events) await send(event);
        if (isLast) return;
        silent = events.length > 0 ? 0 : silent + 1;
        if (silent > 0 && silent % SILENT_POLLS === 0) await send(SIGN_OF_LIFE);
        await sleep(POLL_MS, undefined, { signal: over }).catch(() => undefined);
      }
    } catch (error) {
      if (gone?.aborted !== true) throw error; // a reader who leaves is not a failure
    } finally {
      this.place.leave();
    }
  }

  close(): Promise<void> {
    this.place.leave();
    return Promise.resolve();
  }

  /** What was written since the last call. An event ends where a line does, so that a client can resume after it. */
  async #next(): Promise<{ readonly events: readonly string[]; readonly isLast: boolean }> {
    const { repository, buildId } = this.of;
    const part = await readLog(this.ctx, repository, buildId, this.#after);
    const events: string[] = [];
    for (const chunk of part.chunks) {
      this.#lines.push(...this.#reader.read(chunk));
      this.#after = chunk.seq;
      if (this.#reader.isAtEnd) events.push(...this.#takeLines());
    }
    if (part.isComplete) this.#lines.push(...this.#reader.end());
    if (part.isComplete) events.push(...this.#takeLines());
    if (!part.isComplete) return { events, isLast: false };
    const { finishedAt } = await getBuild(this.ctx, repository, buildId);
    const end = `event: end\ndata: ${JSON.stringify({ state: part.state, at: finishedAt })}\n\n`;
    return { events: [...events, end], isLast: true };
  }

  #takeLines(): string[] {
    const lines = this.#lines;
    if (lines.length === 0) return [];
    const event = logEvent(lines, this.#after, this.#isFirst);
    this.#lines = [];
    this.#isFirst = false;
    return [event];
  }
}

/** The log of a build from a chunk on, until it ends. */
export const getLogEvents = repositoryPage<'anyone'>(async (ctx, { req, caller, params, query }, repository) => {
  const { id: buildId } = await getBuild(ctx, repository, buildIdIn(params));
  const place = ctx.liveStreams.enter(
    caller.login === undefined ? caller.address : `user ${caller.login.account.username}`,
  );
  return {
    status: 200,
    // nginx would collect what it gets.
    headers: {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    },
    body: new LogEvents(ctx, { repository, buildId, after: askedAfter(req, query) }, place),
  };
});
