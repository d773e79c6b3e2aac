import { HeldBytes } from '../../../src/platform/limits/held-bytes';

const long = (bytes = 100): Buffer => Buffer.alloc(bytes, 'x');

it('held bytes are delivered, and held until they have been read', async () => {
  const held = new HeldBytes({ bytes: 1_000_000, each: 1_000_000 });
  const bytes = long(600_000);
  const body = held.bodyOf('a', bytes);
  expect(held.bytes).toBe(600_000);
  const pieces: Buffer[] = [];
  await body.copyTo((piece) => {
    pieces.push(piece);
    return Promise.resolve();
  });
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  expect(held.bytes).toBe(0);
});

it('held bytes are released once if nobody wants them, or if their receiver fails', async () => {
  const held = new HeldBytes({ bytes: 1000, each: 1000 });
  const [unwanted, failing] = [held.bodyOf('a', long()), held.bodyOf('a', long())];
  await unwanted.close();
  await unwanted.close();
  expect(held.bytes).toBe(100);
  await expect(failing.copyTo(() => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  expect(held.bytes).toBe(0);
});

it('a held buffer counts once, however many clients it is sent to', async () => {
  const held = new HeldBytes({ bytes: 150, each: 150 });
  const bytes = long();
  const bodies = ['a', 'a', 'b'].map((subject) => held.bodyOf(subject, bytes));
  expect(held.bytes).toBe(100);
  await Promise.all(bodies.map((body) => body.close()));
  expect(held.bytes).toBe(0);
});

it('held bytes are refused above the limit of one subject, or of all', () => {
  const held = new HeldBytes({ bytes: 350, each: 200 });
  const busy = expect.objectContaining({ code: 'busy', retryAfterSeconds: 10 }) as Error;
  held.bodyOf('a', long());
  held.bodyOf('a', long());
  expect(() => held.bodyOf('a', long())).toThrow(busy);
  held.bodyOf('b', long());
  expect(() => held.bodyOf('c', long())).toThrow(busy);
  held.bodyOf('c', long(50));
});
