import { WorkGate } from '../../../src/platform/limits/work-gate';

const REFUSAL = { sentence: 'Too much at once', retryAfterSeconds: 7 };

/** Work that ends when the test says so, and the work that has begun so far. */
class Bench {
  readonly begun: string[] = [];
  private readonly ends = new Map<string, () => void>();

  constructor(private readonly gate: WorkGate) {}

  start(subject: string, name: string, signal = new AbortController().signal): Promise<string> {
    return this.gate.run(subject, signal, async () => {
      this.begun.push(name);
      await new Promise<void>((resolve) => this.ends.set(name, resolve));
      return name;
    });
  }

  async end(name: string): Promise<void> {
    this.ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const gateOf = (limits: Partial<ConstructorParameters<typeof WorkGate>[0]> = {}): WorkGate =>
  new WorkGate({ running: 2, runningEach: 2, waiting: 10, each: 10, refusal: REFUSAL, ...limits });

it('the work gate runs work up to its limit, and the next when one has ended', async () => {
  const gate = gateOf();
  const bench = new Bench(gate);
  const all = ['1', '2', '3'].map((name) => bench.start('a', name));
  expect([bench.begun, gate.load]).toEqual([['1', '2'], { running: 2, waiting: 1 }]);
  await bench.end('1');
  expect(bench.begun).toEqual(['1', '2', '3']);
  await bench.end('2');
  await bench.end('3');
  expect(await Promise.all(all)).toEqual(['1', '2', '3']);
  expect(gate.load).toEqual({ running: 0, waiting: 0 });
});

it('subjects take turns: one with much waiting work does not delay another that comes later', async () => {
  const bench = new Bench(gateOf({ running: 1 }));
  for (const name of ['a1', 'a2', 'a3']) void bench.start('a', name);
  void bench.start('b', 'b1');
  void bench.start('c', 'c1');
  for (const name of ['a1', 'a2', 'b1', 'c1']) await bench.end(name);
  expect(bench.begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3']);
});

it('one subject cannot take every place of the work gate', async () => {
  const bench = new Bench(gateOf({ runningEach: 1 }));
  void bench.start('a', 'a1');
  void bench.start('a', 'a2');
  void bench.start('b', 'b1');
  expect(bench.begun).toEqual(['a1', 'b1']);
  await bench.end('b1');
  expect(bench.begun).toEqual(['a1', 'b1']);
  await bench.end('a1');
  expect(bench.begun).toEqual(['a1', 'b1', 'a2']);
});

it('the work gate refuses work when too much is waiting, for one subject or for all', async () => {
  const busy = { name: 'AppError', code: 'busy', message: REFUSAL.sentence, retryAfterSeconds: 7 };
  const each = new Bench(gateOf({ running: 1, each: 2 }));
  void each.start('a', '1');
  void each.start('a', '2');
  await expect(each.start('a', '3')).rejects.toMatchObject(busy);
  void each.start('b', '4');
  const all = new Bench(gateOf({ running: 1, waiting: 2 }));
  for (const subject of ['a', 'b', 'c']) void all.start(subject, subject);
  await expect(all.start('d', 'd')).rejects.toMatchObject(busy);
});

it('a caller that aborts leaves the work gate, and its work never starts', async () => {
  const gate = gateOf({ running: 1 });
  const bench = new Bench(gate);
  void bench.start('a', '1');
  const leaving = new AbortController();
  const left = bench.start('a', '2', leaving.signal);
  void bench.start('a', '3');
  leaving.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  expect(gate.load).toEqual({ running: 1, waiting: 1 });
  await bench.end('1');
  expect(bench.begun).toEqual(['1', '3']);
  await expect(bench.start('a', '4', leaving.signal)).rejects.toThrow('gone');
});

it('the work gate frees the place of failed work', async () => {
  const gate = gateOf();
  const { signal } = new AbortController();
  await expect(gate.run('a', signal, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(gate.load).toEqual({ running: 0, waiting: 0 });
});
