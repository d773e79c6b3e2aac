import { readFileSync } from 'node:fs';
import path from 'node:path';

const README = path.join(__dirname, '..', '..', 'README.md');

/** The blocks of shell commands in a section of the README, in their order; or those of another language. */
export function commandsOf(heading: string, language = 'sh'): string[] {
  const text = readFileSync(README, 'utf8');
  const section = text.split(/^(?=## )/m).find((part) => part.startsWith(`## ${heading}\n`));
  if (section === undefined) throw new Error(`the README has no section ${heading}`);
  const blocks = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return [...section.matchAll(blocks)].map(([, block = '']) => block);
}
