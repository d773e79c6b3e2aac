import { LiveStreams } from '../../../src/platform/http/live-streams';

const BUSY = expect.objectContaining({ code: 'busy', retryAfterSeconds: 10 });
const refused = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
};

it('a client and all clients together have a limit; a place that is left is free again', () => {
  const streams = new LiveStreams({ all: 3, each: 2 });
  const first = streams.enter('a');
  streams.enter('a');
  expect(refused(() => streams.enter('a'))).toEqual(BUSY);
  streams.enter('b');
  expect(refused(() => streams.enter('c'))).toEqual(BUSY);
  first.leave();
  first.leave();
  streams.enter('c');
  expect(refused(() => streams.enter('d'))).toEqual(BUSY);
});

it('closing ends all answers, and no more are begun', () => {
  const streams = new LiveStreams({ all: 3, each: 2 });
  const { closing } = streams.enter('a');
  expect(closing.aborted).toBe(false);
  streams.close();
  expect(closing.aborted).toBe(true);
  expect(refused(() => streams.enter('b'))).toEqual(BUSY);
});
