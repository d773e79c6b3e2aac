import { access, constants, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { BuildFailure } from './build-failure';
import { createBuildFolder, removeBuildFolder } from './sandbox/build-folder';
import { onBuildFiles, type BuildUser, type Network } from './sandbox/enclosure';
import { runAs } from './sandbox/programs';
import { ProgramFailed, runEnclosed } from './sandbox/run-enclosed';
import type { BuilderSettings } from './settings';

/** One thing that a builder needs of its host. */
export interface HostCheck {
  readonly what: string;
  /** One sentence: what is missing, and how to get it. Undefined: it is there. */
  readonly problem: string | undefined;
}

/** What this host offers. */
export interface HostReport {
  readonly checks: readonly HostCheck[];
  readonly user: BuildUser | undefined;
  readonly storageDriver: 'overlay' | 'vfs';
}

/** Programs, and the Debian packages that have them. */
const PROGRAMS: readonly (readonly [program: string, debianPackage: string])[] = [
  ['buildah', 'buildah'],
  ['runc', 'runc'],
  ['git', 'git'],
  ['newuidmap', 'uidmap'],
  ['newgidmap', 'uidmap'],
  ['ip', 'iproute2'],
  ['unshare', 'util-linux'],
  ['setpriv', 'util-linux'],
  ['prlimit', 'util-linux'],
  ['pivot_root', 'util-linux'],
];

const FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

async function hasProgram(program: string): Promise<boolean> {
  const found = FOLDERS.map((folder) => access(path.join(folder, program), constants.X_OK).then(() => true));
  return (await Promise.allSettled(found)).some(({ status }) => status === 'fulfilled');
}

async function checkPrograms(): Promise<HostCheck[]> {
  return Promise.all(
    PROGRAMS.map(async ([program, debianPackage]) => ({
      what: program,
      problem: (await hasProgram(program))
        ? undefined
        : `${program} is not installed: apt-get install ${debianPackage}.`,
    })),
  );
}

async function idOf(name: string, option: '-u' | '-g'): Promise<number | undefined> {
  const { code, text } = await runAs(undefined, { program: 'id', args: [option, name], environment: {} });
  return code === 0 ? Number(text) : undefined;
}

async function findUser(name: string): Promise<{ user: BuildUser | undefined; problem: string | undefined }> {
  if (process.getuid?.() !== 0) return { user: undefined, problem: undefined };
  const [uid, gid] = await Promise.all([idOf(name, '-u'), idOf(name, '-g')]);
  if (uid === undefined || gid === undefined) {
    const how = `useradd --system --no-create-home --shell /usr/sbin/nologin ${name}`;
    return { user: undefined, problem: `There is no user ${name} to run builds: ${how}, or set DRYDOCK_BUILDER_USER.` };
  }
  return uid === 0
    ? { user: undefined, problem: 'Builds must not run as root: set DRYDOCK_BUILDER_USER to an unprivileged user.' }
    : { user: { uid, gid }, problem: undefined };
}

/** Whether user namespaces work, and whether the user has ids for them. */
async function checkNamespaces(user: BuildUser | undefined, name: string): Promise<HostCheck[]> {
  const plain = { program: 'unshare', args: ['--user', 'true'], environment: onBuildFiles([]).environment };
  const spaces = await runAs(user, plain);
  const mapped = await runAs(user, onBuildFiles(['true']));
  const hasSpaces = spaces.code === 0;
  return [
    {
      what: 'user namespaces',
      problem: hasSpaces
        ? undefined
        : `Unprivileged users cannot create user namespaces: check sysctl user.max_user_namespaces and kernel.unprivileged_userns_clone (${short(spaces.text)}).`,
    },
    {
      what: 'subordinate ids',
      problem:
        !hasSpaces || mapped.code === 0
          ? undefined
          : `The user has no subordinate ids: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${name} (${short(mapped.text)}).`,
    },
  ];
}

function short(text: string): string {
  return text.trim().replace(/\s+/g, ' ').slice(0, 200);
}

/** Runs a program in an enclosure; resolves to its output when it failed. */
async function tryEnclosed(
  settings: BuilderSettings,
  user: BuildUser | undefined,
  network: Network,
  program: readonly string[],
): Promise<string | undefined> {
  const folder = await createBuildFolder(settings.folder, user);
  const { files, mountPoint } = folder;
  const limits = { ...settings.limits, timeMs: 20_000 };
  let text = '';
  try {
    const output = (chunk: Buffer): void => void (text += chunk.toString());
    await runEnclosed(
      { folder: files, mountPoint, network, user, limits },
      program,
      output,
      AbortSignal.timeout(30_000),
    );
    return undefined;
  } catch (error) {
    if (error instanceof ProgramFailed || error instanceof BuildFailure) return short(`${text} ${error.message}`);
    throw error;
  } finally {
    await removeBuildFolder(folder.path, user);
  }
}

const OVERLAY = 'cd /build && mkdir a b c d && mount -t overlay -o lowerdir=a,upperdir=b,workdir=c,userxattr none d';

async function checkEnclosure(
  settings: BuilderSettings,
  user: BuildUser | undefined,
): Promise<{ checks: HostCheck[]; storageDriver: 'overlay' | 'vfs' }> {
  await mkdir(settings.folder, { recursive: true });
  const refused = await tryEnclosed(settings, user, 'none', ['runc', '--version']);
  const enclosure = {
    what: 'enclosure',
    problem:
      refused === undefined
        ? undefined
        : `Builds cannot be enclosed, for example because /proc is masked in a container: ${refused}`,
  };
  if (refused !== undefined) return { checks: [enclosure], storageDriver: 'vfs' };
  const overlay = await tryEnclosed(settings, user, 'none', ['sh', '-c', OVERLAY]);
  return { checks: [enclosure], storageDriver: overlay === undefined ? 'overlay' : 'vfs' };
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

async function checkHub(hub: string): Promise<HostCheck> {
  const answer = await fetch(new URL('/v2/', hub), { signal: AbortSignal.timeout(5000) }).catch(reasonOf);
  const isThere = typeof answer !== 'string' && (answer.status === 200 || answer.status === 401);
  const why = typeof answer === 'string' ? answer : `it answered ${answer.status}`;
  const problem = `The hub does not answer at ${hub}/v2/: set DRYDOCK_BUILDER_HUB (${short(why)}).`;
  return { what: `hub at ${hub}`, problem: isThere ? undefined : problem };
}

/** Finds out what a builder on this host would lack. */
export async function checkHost(settings: BuilderSettings): Promise<HostReport> {
  const checks = process.platform === 'linux' ? await checkPrograms() : [];
  if (process.platform !== 'linux') checks.push({ what: 'Linux', problem: 'Builds run on Linux only.' });
  const { user, problem } = await findUser(settings.userName);
  checks.push({ what: 'unprivileged user', problem });
  const isComplete = (): boolean => checks.every((check) => check.problem === undefined);
  if (isComplete()) checks.push(...(await checkNamespaces(user, user === undefined ? '$USER' : settings.userName)));
  let storageDriver: 'overlay' | 'vfs' = 'vfs';
  if (isComplete()) {
    const enclosed = await checkEnclosure(settings, user);
    checks.push(...enclosed.checks);
    ({ storageDriver } = enclosed);
    checks.push({ what: `storage by ${storageDriver}`, problem: undefined });
  }
  checks.push(await checkHub(settings.hub));
  return { checks, user, storageDriver };
}
