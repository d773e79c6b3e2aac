import { ofTotal, ofTotalBytes, withProgress, type ProgressOutput } from '../../../src/surfaces/cli/progress';

interface Shown extends ProgressOutput {
  text: string;
}

function createOutput(isTTY: boolean, columns = 80): Shown {
  return {
    isTTY,
    columns,
    text: '',
    write(text) {
      this.text += text;
    },
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('on a terminal', () => {
  it('writes one line again and again, ten times a second, and removes it', async () => {
    const output = createOutput(true);
    await withProgress((show) => {
      for (let state = 0; state < 25; state += 1) {
        show(String(state));
        jest.advanceTimersByTime(10);
      }
      return Promise.resolve();
    }, output);
    expect(output.text).toBe('\r\u001b[K0\r\r\u001b[K10\r\r\u001b[K20\r\r\u001b[K');
  });

  it('cuts a line that is wider than the terminal', async () => {
    const output = createOutput(true, 8);
    await withProgress((show) => Promise.resolve(show('123456789')), output);
    expect(output.text).toContain('\u001b[K1234567\r');
  });

  it('removes the line if the work fails', async () => {
    const output = createOutput(true);
    const work = withProgress((show) => {
      show('half');
      return Promise.reject(new Error('broken'));
    }, output);
    await expect(work).rejects.toThrow('broken');
    expect(output.text.endsWith('\u001b[K')).toBe(true);
  });

  it('writes nothing if there was nothing to show', async () => {
    const output = createOutput(true);
    await expect(withProgress(() => Promise.resolve('result'), output)).resolves.toBe('result');
    expect(output.text).toBe('');
  });
});

it('writes a line every ten seconds elsewhere', async () => {
  const output = createOutput(false);
  await withProgress((show) => {
    for (let second = 0; second < 25; second += 1) {
      show(String(second));
      jest.advanceTimersByTime(1000);
    }
    return Promise.resolve();
  }, output);
  expect(output.text).toBe('10\n20\n');
});

it.each([
  [ofTotal(3, 40, 'layers'), '3 of 40 layers (7 %)'],
  [ofTotal(0, 0, 'layers'), '0 of 0 layers (100 %)'],
  [ofTotal(41, 40, 'layers'), '41 of 40 layers (100 %)'],
  [ofTotalBytes(1_200_000_000, 4_000_000_000), '1.2 GB of 4.0 GB (30 %)'],
])('says how much of the total is done: %s', (said, expected) => expect(said).toBe(expected));
