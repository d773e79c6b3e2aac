// Fails when a package that runs in production has a known advisory that is high or critical. If it is offline, or if
// the registry has no advisories to give, it says so and passes: a build must not depend on another server.

import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

const WAIT_MS = 60_000;

/** The report of npm; undefined if it cannot be read. */
function audit() {
  const args = ['audit', '--omit=dev', '--json', '--fetch-retries=0', '--fetch-timeout=20000'];
  const { stdout } = spawnSync('npm', args, { encoding: 'utf8', timeout: WAIT_MS });
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}

const report = audit();
const counts = report?.metadata?.vulnerabilities;

if (counts === undefined) {
  console.log(`audit: not done, npm got no advisories (${report?.message ?? report?.error?.summary ?? 'no answer'})`);
} else {
  const serious = Object.values(report.vulnerabilities ?? {}).filter(({ severity }) =>
    ['high', 'critical'].includes(severity),
  );
  for (const { name, severity, via } of serious) {
    const titles = via.map((cause) => (typeof cause === 'string' ? `through ${cause}` : `${cause.title} ${cause.url}`));
    console.error(`${severity}: ${name}: ${titles.join('; ')}`);
  }
  console.log(`audit: ${serious.length} serious advisories, ${counts.total} in all`);
  if (serious.length > 0) process.exitCode = 1;
}
