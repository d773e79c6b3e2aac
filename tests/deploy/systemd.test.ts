import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeInstalled, isInstalled } from '../helpers/installed';

const DEPLOY = path.join(__dirname, '../../deploy');
const UNIT = readFileSync(path.join(DEPLOY, 'drydock.service'), 'utf8');
const BUILDER = readFileSync(path.join(DEPLOY, 'drydock-builder.service'), 'utf8');

it('lets the main process end the others, and waits 30 seconds longer than the server', () => {
  expect(UNIT).toMatch(/^KillMode=mixed$/m);
  expect(UNIT).toMatch(/^TimeoutStopSec=60$/m);
});

describeInstalled(isInstalled('systemd-analyze', '--version', 'systemd'), 'systemd-analyze', () => {
  let folder: string;
  let unit: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'drydock-unit-'));
    unit = path.join(folder, 'drydock.service');
    // It also checks that the program exists.
    writeFileSync(unit, UNIT.replace('/usr/bin/node', process.execPath));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const analyze = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    return { status, output: `${stdout}${stderr}` };
  };

  it('finds nothing wrong with the unit', () => {
    const { status, output } = analyze('verify', '--man=no', unit);
    expect([status, output.split('\n').filter((line) => line.includes('drydock'))]).toEqual([0, []]);
  });

  it('finds nothing wrong with the unit of builders', () => {
    const builder = path.join(folder, 'drydock-builder.service');
    writeFileSync(builder, BUILDER.replace('/usr/bin/node', process.execPath));
    const { status, output } = analyze('verify', '--man=no', builder);
    expect([status, output.split('\n').filter((line) => line.includes('drydock'))]).toEqual([0, []]);
  });

  it('finds that little is exposed', () => {
    const { status, output } = analyze('security', '--offline=true', '--threshold=25', '--no-pager', unit);
    expect(output).toMatch(/Overall exposure level for drydock.service: [0-2]\.\d/);
    expect(status).toBe(0);
  });
});
