/** How far a backup, a restore or a check of one is. */
export interface BackupProgress {
  /** what is being worked on */
  readonly part: 'tables' | 'layers' | 'verifying';
  readonly done: number;
  readonly total: number;
  readonly doneBytes: number;
  /** undefined: not known */
  readonly totalBytes: number | undefined;
}

/** Gets the progress after each table and layer. */
export type OnProgress = (progress: BackupProgress) => void;

/** Counts what is done. */
export class ProgressCounter {
  private done = 0;
  private doneBytes = 0;

  constructor(
    private readonly part: BackupProgress['part'],
    private readonly total: number,
    private readonly totalBytes: number | undefined,
    private readonly report: OnProgress = () => undefined,
  ) {
    this.tell();
  }

  /** Notes that one more is done. */
  add(bytes: number): void {
    this.done += 1;
    this.doneBytes += bytes;
    this.tell();
  }

  private tell(): void {
    const { part, done, total, doneBytes, totalBytes } = this;
    this.report({ part, done, total, doneBytes, totalBytes });
  }
}
