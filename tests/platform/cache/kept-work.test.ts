import { KeptWork } from '../../../src/platform/cache/kept-work';

interface Outcome {
  readonly text: string;
}

const keep = (maxBytes = 1000): KeptWork<Outcome> =>
  new KeptWork<Outcome>({ maxBytes, bytesOf: ({ text }) => text.length, keptMs: () => undefined });
const never = new AbortController().signal;

it('kept work runs once for simultaneous and later callers', async () => {
  const kept = keep();
  let runs = 0;
  const work = async (): Promise<Outcome> => {
    runs += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return { text: 'done' };
  };
  const all = await Promise.all([kept.get('k', never, work), kept.get('k', never, work)]);
  expect([...all, await kept.get('k', never, work)].map(({ text }) => text)).toEqual(['done', 'done', 'done']);
  expect(runs).toBe(1);
});

it('kept work continues while one caller waits, and is aborted when the last has left', async () => {
  const kept = keep();
  let ended = false;
  const work = (signal: AbortSignal): Promise<Outcome> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        ended = true;
        reject(new Error('ended'));
      });
    });
  const [first, second] = [new AbortController(), new AbortController()];
  const asked = [kept.get('k', first.signal, work), kept.get('k', second.signal, work)];
  first.abort(new Error('first gone'));
  await expect(asked[0]).rejects.toThrow('first gone');
  expect(ended).toBe(false);
  second.abort(new Error('second gone'));
  await expect(asked[1]).rejects.toThrow('second gone');
  expect(ended).toBe(true);
  // A later caller starts it again.
  expect(await kept.get('k', never, () => Promise.resolve({ text: 'again' }))).toEqual({ text: 'again' });
});

it('kept work keeps neither a failure nor a result for which there is no room', async () => {
  const kept = keep(300);
  await expect(kept.get('k', never, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await kept.get('k', never, () => Promise.resolve({ text: 'whole' }))).toEqual({ text: 'whole' });
  await kept.get('long', never, () => Promise.resolve({ text: 'x'.repeat(1000) }));
  expect(await kept.get('long', never, () => Promise.resolve({ text: 'found again' }))).toEqual({
    text: 'found again',
  });
});
