import { cpus, release, totalmem } from 'node:os';
import { isInstalled } from './load';
import { run } from './processes';

async function debianVersion(packageName: string): Promise<string> {
  const output = await run({ file: 'dpkg-query', args: ['-W', '-f', '${Version}', packageName] }).catch(() => '');
  return output === '' ? 'version unknown' : output;
}

/**
 * The machine and the programs of the measurement, one per line.
 *
 * @param programs - with their packages
 */
export async function machineFacts(programs: Readonly<Record<string, string>>): Promise<string[]> {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const facts = [
    `${cpus().length} x ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB of memory, Linux ${release()}`,
    `node ${process.version}`,
  ];
  for (const [program, packageName] of Object.entries(programs)) {
    facts.push(`${program}: ${isInstalled(program) ? await debianVersion(packageName) : 'not installed'}`);
  }
  return facts;
}
