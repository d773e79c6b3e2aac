import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log/logger';

/** How often each kind of event happened to one subject, under one label. */
export interface Count<Kind extends string> {
  readonly subject: number;
  /** Undefined when there were too many labels, or when the label is not worth keeping. */
  readonly label: string | undefined;
  readonly times: Readonly<Partial<Record<Kind, number>>>;
}

/** The counts that are saved at once. */
export interface CountBatch<Kind extends string> {
  /** The id of the buffer. */
  readonly source: string;
  /** The number of the batch within its source, from 1; batches are saved in this order. */
  readonly number: number;
  /** The day of the events, in UTC: `2016-01-31`. */
  readonly day: string;
  readonly counts: readonly Count<Kind>[];
}

type Labels<Kind extends string> = Map<string | undefined, Partial<Record<Kind, number>>>;

const DAY_MS = 86_400_000;
const LABELS = 100;
const LAST_TRIES_MS = 5000;
const RETRY_MS = 500;

/**
 * Counts events in memory that are too frequent for a row each, and saves the sums periodically.
 *
 * A batch that could not be saved is tried again, unchanged, before any newer batch. It may have been saved if only the
 * answer was lost, so `save` must treat a batch whose number it has already seen from the same source as saved. Then no
 * event is counted twice, and a process that is killed loses only the counts that it has not saved.
 */
export class CountBuffer<Kind extends string> {
  private readonly source = randomUUID();
  private batches = 0;
  private day = 0;
  private subjects = new Map<number, Labels<Kind>>();
  private entries = 0;
  private readonly waiting: CountBatch<Kind>[] = [];
  private timer: NodeJS.Timeout | undefined;
  private saving: Promise<void> | undefined;
  private isFailing = false;
  private readonly counted: Partial<Record<Kind, number>> = {};

  /**
   * @param save - runs in one transaction, once for each source and number
   * @param limits.everyMs - the time between two batches
   * @param limits.entries - how many subjects and labels may be in memory before a batch is saved at once
   */
  constructor(
    private readonly save: (batch: CountBatch<Kind>) => Promise<void>,
    private readonly log: Logger,
    private readonly limits: { everyMs: number; entries: number } = { everyMs: 2000, entries: 10_000 },
  ) {}

  /** How many events of a kind were counted since the process started. */
  totalOf(kind: Kind): number {
    return this.counted[kind] ?? 0;
  }

  /**
   * Counts one event. It does not wait and never throws.
   *
   * @param label - up to 100 labels of a subject are kept apart in a batch
   */
  add(kind: Kind, subject: number, label: string | undefined): void {
    this.counted[kind] = this.totalOf(kind) + 1;
    const now = Date.now();
    const day = now - (now % DAY_MS);
    if (day !== this.day) {
      this.closeBatch();
      this.day = day;
    }
    const labels = this.labelsOf(subject);
    let times = labels.get(label) ?? (labels.size < LABELS ? undefined : labels.get(undefined));
    if (times === undefined) {
      labels.set(labels.size < LABELS ? label : undefined, (times = {}));
      this.entries += 1;
      if (this.entries === this.limits.entries) this.schedule(0);
    }
    times[kind] = (times[kind] ?? 0) + 1;
    if (this.timer === undefined) this.schedule(this.limits.everyMs);
  }

  /**
   * Saves the counts so far.
   *
   * @throws whatever `save` throws; the counts are kept
   */
  async flush(): Promise<void> {
    await this.saving?.catch(() => undefined);
    this.saving ??= this.saveAll().finally(() => (this.saving = undefined));
    await this.saving;
  }

  /** Saves all counts before the process ends, or logs that it cannot. Nothing may be added after this. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    const giveUpAt = Date.now() + LAST_TRIES_MS;
    for (;;) {
      try {
        await this.flush();
        return;
      } catch (error) {
        if (Date.now() >= giveUpAt) {
          this.log.error({ err: error, batches: this.waiting.length }, 'counts were lost');
          return;
        }
      }
      await sleep(RETRY_MS);
    }
  }

  private labelsOf(subject: number): Labels<Kind> {
    const known = this.subjects.get(subject);
    if (known !== undefined) return known;
    const labels: Labels<Kind> = new Map();
    this.subjects.set(subject, labels);
    return labels;
  }

  private schedule(inMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flushInBackground(), inMs).unref();
  }

  private async flushInBackground(): Promise<void> {
    try {
      await this.flush();
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing) this.log.warn({ err: error }, 'counts could not be saved, will try again');
      this.isFailing = true;
    }
    this.timer = undefined;
    if (this.waiting.length > 0 || this.entries > 0) this.schedule(this.limits.everyMs);
  }

  private closeBatch(): void {
    if (this.entries === 0) return;
    const counts: Count<Kind>[] = [];
    for (const [subject, labels] of this.subjects) {
      for (const [label, times] of labels) counts.push({ subject, label, times });
    }
    const day = new Date(this.day).toISOString().slice(0, 10);
    this.batches += 1;
    this.waiting.push({ source: this.source, number: this.batches, day, counts });
    this.subjects = new Map();
    this.entries = 0;
  }

  private async saveAll(): Promise<void> {
    // Older events go first, so that few batches wait, however long saving fails.
    await this.saveWaiting();
    this.closeBatch();
    await this.saveWaiting();
  }

  private async saveWaiting(): Promise<void> {
    for (let batch = this.waiting[0]; batch !== undefined; batch = this.waiting[0]) {
      await this.save(batch);
      this.waiting.shift();
    }
  }
}
