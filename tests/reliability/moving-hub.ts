import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '../../src/platform/db/query';
import { expectChain, expectImage, type Pushed } from '../helpers/backups';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { createCommandPlace, type CommandPlace } from '../helpers/command-place';
import { createChain, pushImages, type TestImage } from '../helpers/images';
import { startCommand } from '../helpers/run-command';
import type { S3Server } from '../helpers/s3-server';
import { pushImage } from '../helpers/v2-client';

/*
 * A hub whose layers move to a bucket and back under load: clients push and pull over both protocols, and the copy is
 * killed on its way.
 */

type Variables = Readonly<Record<string, string>>;

/** What `drydock storage copy --json` prints. */
export interface CopyResult {
  readonly copied: { readonly layerCount: number };
  readonly present: { readonly layerCount: number };
  readonly damaged: readonly unknown[];
  readonly isEnd: boolean;
}

/** What was pushed to one repository. */
type Content = { readonly chain: readonly TestImage[] } | { readonly image: Pushed['image'] };

/** How a move went. */
export interface Move {
  /** how many of the layers that there were at its beginning the copy had left after the last kill */
  readonly left: number;
  /** how many it had at the beginning */
  readonly total: number;
  /** of the run that was not killed */
  readonly result: CopyResult;
  /** what clients did during the move */
  readonly pushes: number;
  readonly pulls: number;
}

const LAYER_BYTES = 300_000;
const MBYTES_PER_SECOND = '2';
const KILLED_AFTER = 5;

/** The server, what was pushed to it, and where its layers are. */
export class MovingHub {
  server: ChildServer;
  private readonly pushed = new Map<string, Content>();
  private environment: Variables;
  private isDown = false;

  private constructor(
    readonly place: CommandPlace,
    private readonly base: Variables,
    readonly bucket: string,
    server: ChildServer,
  ) {
    this.server = server;
    this.environment = base;
  }

  /** A hub with images whose layers are in files, and an empty bucket. */
  static async start(s3: S3Server, images: number): Promise<MovingHub> {
    const place = await createCommandPlace();
    const base = {
      ...place.environment,
      DRYDOCK_ADMIN_USERNAME: 'alice',
      DRYDOCK_ADMIN_PASSWORD: 'alicepw',
      DRYDOCK_S3_ENDPOINT: s3.endpoint,
      DRYDOCK_S3_PATH_STYLE: 'on',
      AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    };
    const hub = new MovingHub(place, base, `s3://${await s3.createBucket()}/hub`, await startChildServer(base));
    for (let left = images; left > 0; left -= 1) await hub.push();
    return hub;
  }

  /** Pushes an image to a new repository, over v1 every third time. */
  async push(): Promise<void> {
    const number = this.pushed.size;
    const repository = `alice/app-${number}`;
    if (number % 3 === 0) {
      const chain = createChain(2);
      await pushImages(this.server, repository, chain);
      this.pushed.set(repository, { chain });
    } else {
      const image = await pushImage(this.server, repository, 'latest', { layer: randomBytes(LAYER_BYTES) });
      this.pushed.set(repository, { image });
    }
  }

  /** Pulls a repository whole. */
  private async pull(repository: string, content: Content): Promise<void> {
    if ('chain' in content) await expectChain(this.server, repository, content.chain);
    else await expectImage(this.server, repository, content.image);
  }

  /** Pulls every tag whole, and reads all layers back. */
  async expectAll(): Promise<void> {
    for (const [repository, content] of this.pushed) await this.pull(repository, content);
    const { damaged } = JSON.parse(await this.run('scrub', '--rate', '0', '--json')) as { damaged: unknown[] };
    expect(damaged).toEqual([]);
  }

  /** Restarts the server. @param storage - what differs from files in the data directory */
  async restart(storage: Variables): Promise<void> {
    await this.server.end('SIGTERM');
    this.environment = { ...this.base, ...storage };
    this.server = await startChildServer(this.environment);
  }

  /** Kills the server and starts it again. What clients did at that time fails, and they go on. */
  async crash(): Promise<void> {
    this.isDown = true;
    await this.server.end('SIGKILL');
    this.server = await startChildServer(this.environment);
    this.isDown = false;
  }

  /** Runs a command; resolves to its output. */
  async run(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await startCommand(words, this.environment).ended;
    if (code !== 0) throw new Error(`drydock ${words.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  private async keysIn(table: 'blobs' | 'copied_blobs'): Promise<Set<string>> {
    const rows = await query<{ storage_key: string }>(this.place.database.db, `select storage_key from ${table}`);
    return new Set(rows.map((row) => row.storage_key));
  }

  /** Copies under load, and kills the copy this many times. @param during - something else that clients do at that time */
  async copy(kills: number, during: () => Promise<void> = () => Promise.resolve()): Promise<Move> {
    const stopping = new AbortController();
    const keys = [...(await this.keysIn('blobs'))];
    const load = [this.keepPushing(stopping.signal), this.keepPulling(stopping.signal)] as const;
    try {
      for (let left = kills; left > 0; left -= 1) await this.killCopy();
      const recorded = await this.keysIn('copied_blobs');
      await during();
      const result = JSON.parse(await this.run('storage', 'copy', '--json')) as CopyResult;
      stopping.abort();
      const [pushes, pulls] = await Promise.all(load);
      const left = keys.filter((key) => !recorded.has(key)).length;
      return { left, total: keys.length, result, pushes, pulls };
    } finally {
      stopping.abort();
      await Promise.allSettled(load);
    }
  }

  private async killCopy(): Promise<void> {
    const enough = (await this.keysIn('copied_blobs')).size + KILLED_AFTER;
    const copy = startCommand(['storage', 'copy', '--rate', MBYTES_PER_SECOND], this.environment);
    while ((await this.keysIn('copied_blobs')).size < enough) {
      const over = await Promise.race([copy.ended, sleep(20)]);
      if (over !== undefined) throw new Error(`the copy ended before it was killed: ${JSON.stringify(over)}`);
    }
    copy.process.kill('SIGKILL');
    await copy.ended;
  }

  private async keepPushing(stopping: AbortSignal): Promise<number> {
    let pushes = 0;
    for (; !stopping.aborted; pushes += 1) {
      await this.whileUp(() => this.push());
      await sleep(50);
    }
    return pushes;
  }

  /** Client work, which may fail when the server is killed, but not otherwise. */
  private async whileUp(work: () => Promise<void>): Promise<void> {
    while (this.isDown) await sleep(20);
    const { server } = this;
    const wasKilled = (): boolean => this.isDown || server !== this.server;
    try {
      await work();
    } catch (error) {
      if (!wasKilled()) throw error;
    }
  }

  private async keepPulling(stopping: AbortSignal): Promise<number> {
    for (let pulls = 0; ;) {
      for (const [repository, content] of [...this.pushed]) {
        if (stopping.aborted) return pulls;
        await this.whileUp(() => this.pull(repository, content));
        pulls += 1;
      }
    }
  }

  async close(): Promise<void> {
    await this.server.end('SIGTERM');
    await this.place.close();
  }
}
