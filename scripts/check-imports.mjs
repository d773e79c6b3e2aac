// Checks who imports whom, see .dependency-cruiser.cjs. It also fails if dependency-cruiser did not read every
// TypeScript file of ours with TypeScript's own parser: without it (it does not support every version of the compiler)
// it finds no module, or loses the imports of types, and so finds no violation.

import { readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, getAvailableTranspilers } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

const options = await extractOptions(resolve('.dependency-cruiser.cjs'));
const FOLDERS = ['src', 'seeds', 'migrations'];
const { output } = await cruise(FOLDERS, options, undefined, { tsConfig: extractTsConfig('tsconfig.json') });

const expected = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true }).map((path) => `${folder}/${path.replaceAll('\\', '/')}`),
).filter((path) => /\.tsx?$/.test(path));
const cruised = new Set(output.modules.map(({ source }) => source));
const missed = expected.filter((path) => !cruised.has(path));

const hasParser = getAvailableTranspilers().some(({ name, available }) => name === 'typescript' && available);

for (const { rule, from, to, cycle } of output.summary.violations) {
  const path = cycle ? [from, ...cycle.map(({ name }) => name)] : [from, to];
  const { comment } = options.ruleSet.forbidden.find(({ name }) => name === rule.name);
  console.error(`${rule.name}: ${path.join(' -> ')}\n    ${comment}`);
}
for (const path of missed) console.error(`not cruised: ${path}`);
if (expected.length === 0) console.error('no module was cruised');
if (!hasParser) console.error('dependency-cruiser cannot read the installed version of TypeScript');

const { violations } = output.summary;
console.log(`imports: ${expected.length - missed.length} of ${expected.length} files, ${violations.length} violations`);
if (violations.length > 0 || missed.length > 0 || expected.length === 0 || !hasParser) process.exitCode = 1;
