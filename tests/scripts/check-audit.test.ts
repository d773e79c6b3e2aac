import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const SCRIPT = path.join(__dirname, '../../scripts/check-audit.mjs');

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'drydock-npm-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs the check with an npm that gives this answer. */
function check(answer: string): { code: number | null; stdout: string; stderr: string } {
  const npm = path.join(directory, 'npm');
  writeFileSync(npm, `#!/bin/sh\ncat <<'ANSWER'\n${answer}\nANSWER\nexit 1\n`);
  chmodSync(npm, 0o755);
  const PATH = `${directory}:${process.env['PATH'] ?? ''}`;
  const { status: code, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], { env: { PATH }, encoding: 'utf8' });
  return { code, stdout, stderr };
}

function report(severity: string): string {
  const via = [{ title: 'It leaks', url: 'https://advisories.test/1' }];
  return JSON.stringify({
    vulnerabilities: { pad: { name: 'pad', severity, via } },
    metadata: { vulnerabilities: { total: 1 } },
  });
}

it.each(['high', 'critical'])('a %s advisory fails the audit', (severity) => {
  expect(check(report(severity))).toEqual({
    code: 1,
    stdout: 'audit: 1 serious advisories, 1 in all\n',
    stderr: `${severity}: pad: It leaks https://advisories.test/1\n`,
  });
});

it('a moderate advisory is only counted', () => {
  const stdout = 'audit: 0 serious advisories, 1 in all\n';
  expect(check(report('moderate'))).toEqual({ code: 0, stdout, stderr: '' });
});

it.each([
  ['a registry without advisories', '{"message": "405 Method Not Allowed"}', '405 Method Not Allowed'],
  ['no network', '{"error": {"summary": "request to the registry failed"}}', 'request to the registry failed'],
  ['no answer at all', '', 'no answer'],
])('%s does not fail the audit, which says so', (_case, answer, reason) => {
  const stdout = `audit: not done, npm got no advisories (${reason})\n`;
  expect(check(answer)).toEqual({ code: 0, stdout, stderr: '' });
});
