import { randomBytes } from 'node:crypto';
import type { BlobStore } from '../../src/blobs/blob-store';
import {
  UnknownWriteError,
  WriteBusyError,
  WriteDigestError,
  WriteOffsetError,
  WriteTooLongError,
  type UnfinishedWrite,
} from '../../src/blobs/resumable';
import { chunksOf, digestOf, failingAfter, type Listed, type ReadAll } from './streams';

/*
 * What `resumable.ts` promises, for any driver.
 */

interface Opened {
  readonly store: BlobStore;
  again(): BlobStore;
}

const once = (text: string): AsyncGenerator<Buffer> => chunksOf(Buffer.from(text));
const NEVER = 'ab'.repeat(16);

/** A source that gives its bytes, and then waits until `goOn` is called. */
function held(bytes: Buffer): {
  source: AsyncGenerator<Buffer>;
  isTaken: Promise<void>;
  goOn: (error?: Error) => void;
} {
  let took = (): void => undefined;
  let goOn: (error?: Error) => void = () => undefined;
  const isTaken = new Promise<void>((resolve) => (took = resolve));
  const going = new Promise<Error | undefined>((resolve) => (goOn = resolve));
  const source = (async function* () {
    yield bytes;
    took();
    const error = await going;
    if (error !== undefined) throw error;
  })();
  return { source, isTaken, goOn: (error) => goOn(error) };
}

/** Registers the part of the suite that is about resumable writes. */
export function describeResuming(opened: () => Opened, listed: Listed, readAll: ReadAll): void {
  const writes = (): BlobStore['resumable'] => opened().store.resumable;
  const unfinished = async (): Promise<UnfinishedWrite[]> => {
    const all = [];
    for await (const write of writes().list()) all.push(write);
    return all;
  };
  describe('resumable writes', () => {
    describePieces(writes, listed, readAll, unfinished);
    describeRefusals(writes, listed, readAll);
    describeTurns(opened, listed, readAll, unfinished);
    describeLeavings(opened, listed, readAll, unfinished);
  });
}

type Writes = () => BlobStore['resumable'];
type Unfinished = () => Promise<UnfinishedWrite[]>;

function describePieces(writes: Writes, listed: Listed, readAll: ReadAll, unfinished: Unfinished): void {
  it.each([
    ['nothing at all', []],
    ['an empty piece', [0]],
    ['one byte', [1]],
    ['a piece', [3_500_001]],
    ['several pieces', [1_048_576, 1, 0, 1_048_577, 500_000]],
  ])('take %s, and keep the bytes under their digest from the commit on (R241)', async (_what, sizes) => {
    const pieces = sizes.map((size) => randomBytes(size));
    const whole = Buffer.concat(pieces);
    const id = await writes().start();
    let offset = 0;
    for (const piece of pieces) {
      expect(await writes().append(id, offset, chunksOf(piece))).toBe(offset + piece.length);
      offset += piece.length;
      expect(await writes().offset(id)).toBe(offset);
    }
    expect(await listed()).toEqual([]);
    const stored = await writes().commit(id, digestOf(whole));
    const digest = digestOf(whole);
    expect(stored).toMatchObject({ digest, prefixedDigest: digest, sizeBytes: whole.length });
    expect(await listed()).toEqual([{ key: stored.key, sizeBytes: whole.length }]);
    expect((await readAll(stored.key)).equals(whole)).toBe(true);
    expect([await writes().offset(id), await unfinished()]).toEqual([undefined, []]);
  });

  it('take many small pieces, and never read earlier ones', async () => {
    const whole = randomBytes(2000);
    const id = await writes().start();
    for (let at = 0; at < whole.length; at += 10) await writes().append(id, at, chunksOf(whole.subarray(at, at + 10)));
    expect((await writes().commit(id, digestOf(whole))).sizeBytes).toBe(2000);
  });

  it('keep what arrived before their source broke, and pass its error on (R242)', async () => {
    const [first, second] = [randomBytes(2_500_000), randomBytes(1000)];
    const id = await writes().start();
    const error = new Error('the client is gone');
    await expect(writes().append(id, 0, failingAfter(first, error))).rejects.toBe(error);
    expect(await writes().offset(id)).toBe(first.length);
    await writes().append(id, first.length, chunksOf(second));
    const whole = Buffer.concat([first, second]);
    const { key } = await writes().commit(id, digestOf(whole));
    expect((await readAll(key)).equals(whole)).toBe(true);
  });

  it('of the same bytes give two keys, as any other writes', async () => {
    const ids = [await writes().start(), await writes().start()] as const;
    const bytes = randomBytes(1000);
    for (const id of ids) await writes().append(id, 0, chunksOf(bytes));
    const [one, other] = await Promise.all(ids.map((id) => writes().commit(id, digestOf(bytes))));
    expect(one?.digest).toBe(other?.digest);
    expect(one?.key).not.toBe(other?.key);
    expect(await listed()).toHaveLength(2);
  });
}

function describeRefusals(writes: Writes, listed: Listed, readAll: ReadAll): void {
  it('refuse bytes at another offset before the first is read, and report the right one (R242)', async () => {
    const id = await writes().start();
    await writes().append(id, 0, once('hello'));
    for (const offset of [0, 4, 6]) {
      let isRead = false;
      const source = (async function* () {
        isRead = true;
        yield* once('x');
      })();
      await expect(writes().append(id, offset, source)).rejects.toMatchObject({ name: 'WriteOffsetError', offset: 5 });
      expect(isRead).toBe(false);
    }
    await expect(writes().append(id, 9, once('x'))).rejects.toThrow(WriteOffsetError);
    expect(await writes().append(id, 5, once(' world'))).toBe(11);
  });

  it('refuse a commit to another digest, keep nothing under it, and can be continued (R241)', async () => {
    const id = await writes().start();
    await writes().append(id, 0, once('hello'));
    const wrong = digestOf(Buffer.from('hello world'));
    const digest = digestOf(Buffer.from('hello'));
    await expect(writes().commit(id, wrong)).rejects.toMatchObject({ name: 'WriteDigestError', digest });
    await expect(writes().commit(id, 'nonsense')).rejects.toThrow(WriteDigestError);
    expect([await listed(), await writes().offset(id)]).toEqual([[], 5]);
    await writes().append(id, 5, once(' world'));
    const { key } = await writes().commit(id, wrong);
    expect((await readAll(key)).toString()).toBe('hello world');
  });

  it('refuse more bytes than the caller allows, and keep none of those', async () => {
    const id = await writes().start();
    await writes().append(id, 0, once('hello'), 5);
    await expect(writes().append(id, 5, chunksOf(randomBytes(3_000_000), 500_000), 2_000_000)).rejects.toThrow(
      WriteTooLongError,
    );
    await expect(writes().append(id, 5, once('x'), 4)).rejects.toThrow(WriteTooLongError);
    expect(await writes().offset(id)).toBe(5);
    await writes().append(id, 5, once(' world'), 11);
    await expect(writes().commit(id, digestOf(Buffer.from('hello world')))).resolves.toMatchObject({ sizeBytes: 11 });
  });

  it.each([NEVER, '', '../uploads', 'x'.repeat(32), `${NEVER}/..`])('do not exist under the id %j', async (id) => {
    expect(await writes().offset(id)).toBeUndefined();
    await expect(writes().append(id, 0, once('x'))).rejects.toThrow(UnknownWriteError);
    await expect(writes().commit(id, digestOf(Buffer.from('')))).rejects.toThrow(UnknownWriteError);
    await expect(writes().abort(id)).resolves.toBeUndefined();
  });

  it('take the last piece with the commit (R241)', async () => {
    const pieces = [randomBytes(1_500_000), randomBytes(2_500_000)] as const;
    const whole = Buffer.concat(pieces);
    for (const first of [0, pieces[0].length]) {
      const id = await writes().start();
      if (first > 0) await writes().append(id, 0, chunksOf(pieces[0]));
      const stored = await writes().finish(id, first, chunksOf(whole.subarray(first)), digestOf(whole));
      expect(stored).toMatchObject({ digest: digestOf(whole), sizeBytes: whole.length });
      expect((await readAll(stored.key)).equals(whole)).toBe(true);
      expect(await writes().offset(id)).toBeUndefined();
    }
  });

  it('keep the last piece when it cannot be committed, and what arrived of one that broke off (R242)', async () => {
    const id = await writes().start();
    const digest = digestOf(Buffer.from('hello world'));
    await expect(writes().finish(id, 1, once('x'), digest)).rejects.toMatchObject({
      name: 'WriteOffsetError',
      offset: 0,
    });
    await expect(writes().finish(id, 0, once('hello'), digest)).rejects.toMatchObject({
      name: 'WriteDigestError',
      digest: digestOf(Buffer.from('hello')),
    });
    const error = new Error('the client is gone');
    await expect(writes().finish(id, 5, failingAfter(Buffer.from(' wor'), error), digest)).rejects.toBe(error);
    expect([await listed(), await writes().offset(id)]).toEqual([[], 9]);
    const { key } = await writes().finish(id, 9, once('ld'), digest);
    expect((await readAll(key)).toString()).toBe('hello world');
  });

  it('are unknown once they were committed', async () => {
    const id = await writes().start();
    const digest = digestOf(Buffer.from(''));
    await writes().commit(id, digest);
    await expect(writes().commit(id, digest)).rejects.toThrow(UnknownWriteError);
    await expect(writes().append(id, 0, once('x'))).rejects.toThrow(UnknownWriteError);
  });
}

function describeTurns(opened: () => Opened, listed: Listed, readAll: ReadAll, unfinished: Unfinished): void {
  it('can be continued by another process (R241)', async () => {
    const pieces = [randomBytes(1_500_000), randomBytes(10), randomBytes(1_700_000)] as const;
    const whole = Buffer.concat(pieces);
    const [one, other] = [opened().store.resumable, opened().again().resumable];
    const id = await one.start();
    let offset = await one.append(id, 0, chunksOf(pieces[0]));
    expect(await other.offset(id)).toBe(offset);
    offset = await other.append(id, offset, chunksOf(pieces[1]));
    await one.append(id, offset, chunksOf(pieces[2]));
    const { key } = await opened().again().resumable.commit(id, digestOf(whole));
    expect((await readAll(key)).equals(whole)).toBe(true);
  });

  it('are changed by only one caller at a time, among all processes (R243)', async () => {
    const [one, other] = [opened().store.resumable, opened().again().resumable];
    const id = await one.start();
    const { source, isTaken, goOn } = held(Buffer.from('hello'));
    const appending = one.append(id, 0, source);
    await isTaken;
    for (const writes of [one, other]) {
      await expect(writes.append(id, 0, once('other'))).rejects.toThrow(WriteBusyError);
      await expect(writes.commit(id, digestOf(Buffer.from('')))).rejects.toThrow(WriteBusyError);
    }
    goOn();
    expect(await appending).toBe(5);
    expect(await other.append(id, 5, once('!'))).toBe(6);
    expect((await one.commit(id, digestOf(Buffer.from('hello!')))).sizeBytes).toBe(6);
  });

  it('accept bytes from one of many simultaneous callers (R243)', async () => {
    const stores = [opened().store.resumable, opened().again().resumable];
    const id = await stores[0]!.start();
    const pieces = Array.from({ length: 12 }, () => randomBytes(100_000));
    const ends = await Promise.allSettled(
      pieces.map((piece, i) => stores[i % 2]!.append(id, 0, chunksOf(piece, 10_000))),
    );
    const winners = ends.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
    expect(winners).toHaveLength(1);
    const bytes = pieces[winners[0]!]!;
    const { key } = await stores[1]!.commit(id, digestOf(bytes));
    expect((await readAll(key)).equals(bytes)).toBe(true);
  });

  it('become one blob if they are committed twice at once', async () => {
    const stores = [opened().store.resumable, opened().again().resumable];
    const id = await stores[0]!.start();
    await stores[0]!.append(id, 0, once('hello'));
    const digest = digestOf(Buffer.from('hello'));
    const ends = await Promise.allSettled(stores.map((writes) => writes.commit(id, digest)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect([(await listed()).length, await unfinished()]).toEqual([1, []]);
  });

  it('can be aborted during an append, which then fails', async () => {
    const id = await opened().store.resumable.start();
    const { source, isTaken, goOn } = held(Buffer.from('hello'));
    const appending = opened().store.resumable.append(id, 0, source);
    await isTaken;
    await opened().again().resumable.abort(id);
    goOn();
    await expect(appending).rejects.toThrow(UnknownWriteError);
    expect([await unfinished(), await listed()]).toEqual([[], []]);
  });
}

function describeLeavings(opened: () => Opened, listed: Listed, readAll: ReadAll, unfinished: Unfinished): void {
  const writes = (): BlobStore['resumable'] => opened().store.resumable;

  it('leave nothing when they are aborted (R244)', async () => {
    const id = await writes().start();
    await writes().append(id, 0, chunksOf(randomBytes(2_000_000)));
    await writes().abort(id);
    await writes().abort(id);
    expect([await writes().offset(id), await unfinished(), await listed()]).toEqual([undefined, [], []]);
    expect(await writes().sweep(-60_000)).toBe(0);
  });

  it('are listed with their age, and swept if nobody continues them (R244)', async () => {
    const idle = await writes().start();
    const begun = await writes().start();
    await writes().append(begun, 0, once('hello'));
    const all = await unfinished();
    expect(new Map(all.map(({ id, sizeBytes }) => [id, sizeBytes]))).toEqual(
      new Map([
        [idle, 0],
        [begun, 5],
      ]),
    );
    expect(all.every(({ idleMs }) => idleMs >= 0 && idleMs < 60_000)).toBe(true);
    const committed = await writes().start();
    const { key } = await writes().commit(committed, digestOf(Buffer.from('')));
    expect(await writes().sweep(60_000)).toBe(0);
    expect(await writes().sweep(-60_000)).toBe(2);
    expect([await writes().offset(begun), await unfinished()]).toEqual([undefined, []]);
    expect(await readAll(key)).toHaveLength(0);
  });

  it('are left alone by the sweep of other writes', async () => {
    const id = await writes().start();
    await writes().append(id, 0, once('hello'));
    expect(await opened().store.sweepUnfinished(-60_000)).toBe(0);
    expect([await writes().offset(id), await listed()]).toEqual([5, []]);
  });
}
