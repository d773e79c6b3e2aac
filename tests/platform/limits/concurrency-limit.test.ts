import { ConcurrencyLimit } from '../../../src/platform/limits/concurrency-limit';

const refusal = { sentence: 'Too many', retryAfterSeconds: 7 };

it('the concurrency limit applies to each subject, and forgets work that has ended, successfully or not', async () => {
  const limit = new ConcurrencyLimit(2, refusal);
  for (let round = 0; round < 2; round += 1) {
    const ends: (() => void)[] = [];
    const hold = (subject: string) => limit.run(subject, () => new Promise<void>((resolve) => ends.push(resolve)));
    const held = [hold('alice'), hold('alice'), hold('carol')];
    await expect(limit.run('alice', () => Promise.resolve())).rejects.toMatchObject({
      code: 'busy',
      message: 'Too many',
      retryAfterSeconds: 7,
    });
    expect(await limit.run('carol', () => Promise.resolve('in'))).toBe('in');
    ends.forEach((end) => end());
    await Promise.all(held);
    for (let failures = 0; failures < 3; failures += 1) {
      await expect(limit.run('alice', () => Promise.reject(new Error('broken off')))).rejects.toThrow('broken off');
    }
  }
});
