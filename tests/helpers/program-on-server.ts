import { buildProgram } from '../../src/surfaces/cli/program';
import type { TestServer } from './test-server';

const unused = (): never => {
  throw new Error('not here');
};

/** Runs `drydock` with these words on the data of a server, in this process. */
export async function runOnServer({ ctx }: Pick<TestServer, 'ctx'>, ...words: readonly string[]): Promise<void> {
  const program = buildProgram({
    version: '0',
    serve: unused,
    build: unused,
    examineBuilder: unused,
    withContext: (work) => work(ctx),
    withData: unused,
    withStorage: unused,
    upgradePostgres: unused,
    migrate: unused,
    seed: unused,
  });
  await program.parseAsync(words, { from: 'user' });
}
