import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readReadme } from '../../src/builder/source/readme';
import type { Context } from '../../src/context';
import { noteReadme } from '../../src/features/builds/description';
import { claimBuild } from '../../src/features/builds/running';
import { setRules, listRules } from '../../src/features/builds/rules';
import { changeSource } from '../../src/features/builds/source-changes';
import { createRepository } from '../../src/features/repositories/creation';
import { getAdministered } from '../../src/features/repositories/get-repository';
import { queueOf, startBuildPlace } from '../helpers/builds';
import { addPerson } from '../helpers/people';

describe('the README next to a Dockerfile', () => {
  let source: string;
  beforeEach(() => {
    source = mkdtempSync(path.join(tmpdir(), 'source-'));
    mkdirSync(path.join(source, 'web'));
  });

  it('is found by its names, in the folder of the Dockerfile alone', async () => {
    writeFileSync(path.join(source, 'web/ReadMe.txt'), 'text');
    writeFileSync(path.join(source, 'README.md'), 'of the root');
    expect(await readReadme(source, 'web/Dockerfile')).toBe('text');
    writeFileSync(path.join(source, 'web/README.md'), '# Web');
    expect(await readReadme(source, 'web/Dockerfile')).toBe('# Web');
    expect(await readReadme(source, 'Dockerfile')).toBe('of the root');
    rmSync(path.join(source, 'README.md'));
    expect(await readReadme(source, 'Dockerfile')).toBeUndefined();
  });

  it('is not a file of the host, a folder or a pipe (R308)', async () => {
    symlinkSync('/etc/passwd', path.join(source, 'README.md'));
    expect(await readReadme(source, 'Dockerfile')).toBeUndefined();
    mkdirSync(path.join(source, 'web/README.md'));
    expect(await readReadme(source, 'web/Dockerfile')).toBeUndefined();
  });
});

describe('a README that becomes the description', () => {
  let ctx: Context;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ ctx, close } = await startBuildPlace());
  });
  afterAll(() => close());

  it('does so by a build of the first rule, if the source says so, and is in the audit log', async () => {
    const alice = await addPerson(ctx, 'alice');
    const name = { namespace: 'alice', name: 'app' };
    await createRepository(ctx, alice, name, 'public');
    const repository = await getAdministered(ctx, alice, name);
    const description = async (): Promise<unknown> =>
      (await ctx.db<{ full_description: string }>('repositories').first('full_description').where(name))
        ?.full_description;
    const holder = { buildId: (await queueOf(ctx, repository)).id, builder: 'host:1' };
    await claimBuild(ctx, holder);
    expect(await noteReadme(ctx, holder, '# App')).toBe(false);
    await changeSource(ctx, repository, { syncsDescription: true });
    expect(await noteReadme(ctx, { ...holder, builder: 'host:2' }, '# App')).toBe(false);
    expect(await description()).toBe('');
    expect(await noteReadme(ctx, holder, '# App\r\n')).toBe(true);
    expect(await description()).toBe('# App\n');
    const events = await ctx.db('audit_events').where({ action: 'repository.described' });
    expect(events).toEqual([expect.objectContaining({ subject: 'alice/app', actor_name: 'trustedbuilder' })]);
    await expect(noteReadme(ctx, holder, 'x'.repeat(64 * 1024 + 1))).rejects.toThrow('at most 64 KiB');
    const [rule] = await listRules(ctx, repository);
    const first = { refType: 'branch', refPattern: 'stable', dockerfilePath: 'Dockerfile', tag: 'stable' } as const;
    await setRules(ctx, repository, rule === undefined ? [] : [first, rule]);
    expect(await noteReadme(ctx, holder, '# Another')).toBe(false);
    expect(await description()).toBe('# App\n');
  });
});
