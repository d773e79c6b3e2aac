import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { askPassword, confirm } from '../../../src/surfaces/cli/terminal';

const CONTROL_C = '\u0003';
const CONTROL_D = '\u0004';

/** A terminal at which a person types these keys; it remembers whether its own echo was turned off. */
function terminalWith(keys: string) {
  const rawModes: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (mode: boolean) => {
      rawModes.push(mode);
    },
  });
  const output = new PassThrough();
  input.write(keys);
  return { input, output, rawModes };
}

describe('asking for a password', () => {
  it('asks twice and shows nothing of what is typed', async () => {
    const terminal = terminalWith('correct horse\rcorrect horse\r');
    await expect(askPassword(terminal)).resolves.toBe('correct horse');
    expect(terminal.rawModes).toEqual([true, false]);
    terminal.output.end();
    await expect(text(terminal.output)).resolves.toBe('Password: \nRepeat the password: \n');
  });

  it('obeys the keys that correct a line', async () => {
    await expect(askPassword(terminalWith('secrex\u007Ft\rsecret\r'))).resolves.toBe('secret');
  });

  it('refuses two passwords that differ', async () => {
    await expect(askPassword(terminalWith('secret1\rsecret2\r'))).rejects.toMatchObject({
      code: 'invalid',
      message: 'The passwords do not match',
    });
  });

  it.each([
    ['Ctrl-C', CONTROL_C],
    ['Ctrl-D', CONTROL_D],
    ['Ctrl-C at the second question', `secret1\r${CONTROL_C}`],
  ])('gives up at %s, and turns the echo of the terminal on again', async (_, keys) => {
    const terminal = terminalWith(keys);
    await expect(askPassword(terminal)).rejects.toMatchObject({ code: 'invalid', message: 'No password was given' });
    expect(terminal.rawModes.at(-1)).toBe(false);
  });
});

describe('asking for a confirmation', () => {
  it.each(['y\r', 'Y\r', 'yes\r'])('accepts %j', async (keys) => {
    await expect(confirm(terminalWith(keys), 'Delete it?', '--yes')).resolves.toBeUndefined();
  });

  it.each(['n\r', '\r', 'yesterday\r', CONTROL_C, CONTROL_D])('does nothing at %j', async (keys) => {
    await expect(confirm(terminalWith(keys), 'Delete it?', '--yes')).rejects.toMatchObject({
      code: 'invalid',
      message: 'Nothing was done',
    });
  });

  it('does not take silence for a yes without a person', async () => {
    const terminal = { input: new PassThrough(), output: new PassThrough() };
    await expect(confirm(terminal, 'Delete it?', '--yes')).rejects.toMatchObject({
      message: 'This cannot be undone: confirm it with --yes',
    });
  });
});
