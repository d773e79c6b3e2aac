import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const BUILT = path.join(__dirname, '../../../dist/src/platform/db/embedded/bound-log.js');
const MEBIBYTE = 1024 * 1024;

/** Prints much, and bounds the log as often as each worker process of a server does in a long life. */
const ROUNDS = `
  const { boundLog } = require(${JSON.stringify(BUILT)});
  const { appendFileSync } = require('node:fs');
  for (let round = 0; round < 40; round += 1) {
    appendFileSync(process.argv[1], Buffer.alloc(4 * ${MEBIBYTE}, 'printed\\n'));
    boundLog(process.argv[1]);
  }`;

let dir: string;
let children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'drydock-log-'));
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  rmSync(dir, { recursive: true, force: true });
});

it('several processes that bound one log at the same time all finish (R97)', async () => {
  const log = path.join(dir, 'postgres.log');
  children = Array.from({ length: 4 }, () => spawn(process.execPath, ['-e', ROUNDS, log], { stdio: 'inherit' }));
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number | null));
  expect(codes).toEqual([0, 0, 0, 0]);
  expect(statSync(`${log}.1`).size).toBe(10 * MEBIBYTE);
  expect(readdirSync(dir).sort()).toEqual(['postgres.log', 'postgres.log.1']);
});
