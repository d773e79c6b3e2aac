import { BuildLog } from '../../src/builder/log/build-log';
import { cleanLine, secretMask } from '../../src/features/builds/log-text';

function logOf(options: { limitBytes?: number; secrets?: string[]; fails?: Error } = {}) {
  const stored: string[] = [];
  const store = async (text: string): Promise<void> => {
    if (options.fails !== undefined) throw options.fails;
    stored.push(text);
  };
  const mask = secretMask(options.secrets ?? []);
  const log = new BuildLog(store, { limitBytes: options.limitBytes ?? 10 * 2 ** 20, mask, everyMs: 5 });
  return { log, stored };
}

async function logged(text: string | Buffer, options: { secrets?: string[]; pieces?: number } = {}): Promise<string> {
  const { log, stored } = logOf(options);
  const bytes = Buffer.from(text);
  const size = options.pieces ?? bytes.length;
  for (let at = 0; at < bytes.length; at += size) await log.write(bytes.subarray(at, at + size));
  await log.end();
  return stored.join('');
}

describe('a line of a log', () => {
  it.each([
    ['colours stay', '\x1b[1;31mred\x1b[0m', '\x1b[1;31mred\x1b[0m'],
    ['a cleared screen', '\x1b[2J\x1b[Hgone', 'gone'],
    ['a title of the window', '\x1b]0;evil\x07shown', 'shown'],
    ['a link', '\x1b]8;;http://evil/\x1b\\text\x1b]8;;\x1b\\', 'text'],
    ['a string that is not closed', 'a\x1bPq#0;2', 'a'],
    ['keys that a terminal would send', '\x1b[6n\x1b[c\x1bc', ''],
    ['8-bit escapes', '\x9b31mx\x9d0;t\x9cy', 'xy'],
    ['a cut escape', 'a\x1b[12', 'a'],
    ['an escape in an escape', '\x1b\x1b[31mx', '\x1b[31mx'],
    ['private modes that end like a colour', '\x1b[?1049hx\x1b[>4my', 'xy'],
    ['other controls', 'a\x00\x07\x08b\tc\x7f\x85', 'ab\tc'],
    ['text that runs backwards', 'a\u202Ecba\u2066', 'acba'],
    ['progress that overwrites itself', '10%\r50%\r100%\r', '100%'],
    ['a line of Windows', 'text\r', 'text'],
  ])('%s (R313)', (_what, line, clean) => expect(cleanLine(line)).toBe(clean));
});

describe('the log of a build', () => {
  it('keeps lines and characters that arrive in pieces', async () => {
    expect(await logged('äöü €\n\x1b[31mred\x1b[0m\nend', { pieces: 1 })).toBe('äöü €\n\x1b[31mred\x1b[0m\nend\n');
    expect(await logged(Buffer.from([0x61, 0xff, 0xfe, 0x0a]))).toBe('a\uFFFD\uFFFD\n');
  });

  it('stores lines while the build runs, and remembers the last error', async () => {
    const { log, stored } = logOf();
    await log.write(Buffer.from('one\ntw'));
    while (stored.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(stored).toEqual(['one\n']);
    await log.write(Buffer.from('o\nError: the step failed\n'));
    await log.end();
    expect(stored.join('')).toBe('one\ntwo\nError: the step failed\n');
    expect(log.errorLine).toBe('Error: the step failed');
  });

  it('hides secrets in every form, wherever the output was cut (R314)', async () => {
    const token = 'ghp_0123456789abcdef/+';
    const key = '-----BEGIN KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nc2Vjb25kbGluZQ\n-----END KEY-----';
    const text = [
      `https://x:${token}@host/`,
      `https://x:${encodeURIComponent(token)}@host/`,
      `Authorization: ${Buffer.from(token).toString('base64')}`,
      `to\x1b[0m ${token.slice(0, 8)}\x07${token.slice(8)}`,
      key,
      'x'.repeat(16 * 1024 - 5) + token + 'y'.repeat(20_000),
    ].join('\n');
    for (const pieces of [undefined, 7]) {
      const shown = await logged(text, { secrets: [token, key, 'ab'], ...(pieces === undefined ? {} : { pieces }) });
      expect(shown).not.toMatch(/ghp_|0123456789abcdef|b3BlbnNza|c2Vjb25k|Z2hwX/);
      expect(shown.match(/\[secret\]/g)?.length).toBeGreaterThanOrEqual(9);
      expect(shown).toMatch(/x{10000}/);
      expect(shown).toMatch(/y{3000}/);
    }
  });

  it('ends at its limit, also when one line has no end, and when it is all progress (R312)', async () => {
    const { log, stored } = logOf({ limitBytes: 1000 });
    const flood = async (text: string): Promise<void> => {
      for (;;) await log.write(Buffer.from(text));
    };
    await expect(flood('yes '.repeat(1000))).rejects.toThrow('The log became larger than 1000 bytes.');
    expect(stored.join('').length).toBeLessThanOrEqual(1000);
    await expect(log.write(Buffer.from('more\n'))).rejects.toThrow('The log became larger');

    const progress = logOf();
    for (let at = 0; at < 2000; at += 1) await progress.log.write(Buffer.from(`${at}% ${'#'.repeat(100)}\r`));
    await progress.log.end();
    expect(progress.stored.join('')).toBe(`1999% ${'#'.repeat(100)}\n`);
  });

  it('fails when it cannot be stored', async () => {
    const { log } = logOf({ fails: new Error('no database') });
    await log.write(Buffer.from('one\n'));
    await expect(log.end()).rejects.toThrow('no database');
    await expect(log.write(Buffer.from('two\n'))).rejects.toThrow('no database');
  });
});
