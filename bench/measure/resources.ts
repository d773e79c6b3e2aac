/*
 * What the bench started and must end: processes, folders, connections. A scope is undone in reverse order when its row
 * is done, and all of them on Ctrl-C and on errors.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';

export type Undo = () => Promise<void> | void;

const open = new Set<Resources>();

/** A stack of things to undo, the last first. */
export class Resources {
  private readonly undos: Undo[] = [];
  private ending: Promise<void> | undefined;

  constructor(private readonly parentDir: string) {
    open.add(this);
  }

  /** Something that is handed over after the end has begun is undone all the same. */
  onEnd(undo: Undo): void {
    this.undos.push(undo);
    if (this.ending !== undefined) this.ending = this.ending.then(() => this.undoAll());
  }

  /**
   * A folder that is removed with the scope. Other users may enter it, because root's database runs as another user.
   */
  async createDir(label: string): Promise<string> {
    const dir = await mkdtemp(path.join(this.parentDir, `drydock-bench-${label}-`));
    this.onEnd(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
    await chmod(dir, 0o755);
    return dir;
  }

  /** Undoes everything, even when some of it fails. May be called again, and waits for the same end. */
  async end(): Promise<void> {
    let seen: Promise<void> | undefined;
    this.ending ??= this.undoAll();
    while (seen !== this.ending) {
      seen = this.ending;
      await seen;
    }
    open.delete(this);
  }

  private async undoAll(): Promise<void> {
    for (let undo = this.undos.pop(); undo !== undefined; undo = this.undos.pop()) {
      try {
        await undo();
      } catch (error) {
        console.error(`cleaning up: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}

/** Ends every scope that is still open. */
export async function endAll(): Promise<void> {
  for (const resources of [...open].reverse()) await resources.end();
}
