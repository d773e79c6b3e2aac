import { gnuLong, packTar, pax, type PackEntry } from '../features/images/tar/pack-tar';
import { digestOf } from '../helpers/v2-client';
import { directory, file, gone, hardLink, symlink, TIME } from './entries';

/*
 * An image with everything that a layer can say of a file, and everything that a layer can do to earlier ones.
 */

/** `cap_net_bind_service+ep`, as Linux stores it. */
const CAPABILITY = Buffer.from('0100000200040000000000000000000000000000', 'hex').toString('latin1');

const LONG_NAME = `usr/share/${'n'.repeat(120)}`;
const DEEP_FOLDERS = Array.from({ length: 6 }, (_, depth) =>
  Array.from({ length: depth + 1 }, (_ignored, at) => `${'deep'.repeat(12)}${at}`).join('/'),
);
const DEEP = `${DEEP_FOLDERS.at(-1) ?? ''}/file`; // more than 255 bytes

/** Names that no ustar header can hold, by both extensions. */
const DEEP_FILE: readonly PackEntry[] = [
  ...DEEP_FOLDERS.flatMap((path) => [gnuLong('L', `${path}/`), directory('deep')]),
  gnuLong('L', DEEP),
  file('deep', 'a long path\n'),
];

const LONG_NAMES: readonly PackEntry[] = [
  pax({ path: LONG_NAME }),
  file('n', 'a long name\n'),
  pax({ path: 'usr/share/long-link', linkpath: `/${DEEP}` }),
  symlink('long-link', '/deep'),
  gnuLong('K', DEEP),
  hardLink('usr/share/long-hard-link', 'deep'),
];

const base = (note: string): readonly PackEntry[] => [
  ...DEEP_FILE,
  directory('bin'),
  file('bin/su', 'su\n', { mode: 0o4755 }),
  file('bin/wall', 'wall\n', { mode: 0o2755, gid: 5 }),
  pax({ 'SCHILY.xattr.security.capability': CAPABILITY }),
  file('bin/ping', 'ping\n', { mode: 0o755 }),
  hardLink('bin/passwd', 'bin/su', { mode: 0o4755 }),
  symlink('bin/sh', 'su'),
  symlink('bin/dangling', '../nowhere/at all'),
  directory('dev'),
  { name: 'dev/null', typeflag: '3', mode: 0o666, devmajor: 1, devminor: 3, mtime: TIME },
  { name: 'dev/loop7', typeflag: '4', mode: 0o660, gid: 6, devmajor: 7, devminor: 7, mtime: TIME },
  directory('etc'),
  file('etc/empty', '', { mode: 0o600 }),
  file('etc/removed', 'removed\n'),
  file('etc/replaced', 'old\n'),
  file('etc/becomes-directory', 'file\n'),
  directory('etc/becomes-file'),
  file('etc/becomes-file/inside', 'inside\n'),
  pax({ 'SCHILY.xattr.user.note': 'kept\n' }),
  file('etc/noted', note),
  directory('home'),
  directory('home/alice', { mode: 0o700, uid: 1000, gid: 1000 }),
  file('home/alice/Grüße aus 東京.txt', 'names\n', { uid: 1000, gid: 1000 }),
  file('home/alice/e\u0301', 'two characters\n'),
  file('home/alice/\u00e9', 'one character\n'),
  file('home/alice/a\nb \\ "c', 'odd characters\n'),
  file(Buffer.from('home/alice/caf\xe9', 'latin1'), 'not UTF-8\n'),
  pax({ uid: '3000000', gid: '3000001' }),
  file('home/alice/high', 'high ids\n'),
  directory('run'),
  { name: 'run/pipe', typeflag: '6', mode: 0o620, mtime: TIME },
  directory('tmp', { mode: 0o1777 }),
  directory('usr'),
  directory('usr/share'),
  hardLink('usr/share/su-elsewhere', 'bin/su', { mode: 0o4755 }),
  ...LONG_NAMES,
  directory('var'),
  directory('var/cache'),
  file('var/cache/old', 'old\n'),
  directory('var/cache/folder'),
  file('var/cache/folder/old', 'old\n'),
  directory('var/lib'),
  directory('var/lib/removed'),
  file('var/lib/removed/inside', 'inside\n'),
  directory('var/times'),
  pax({ mtime: '1400000000.123456789' }),
  file('var/times/fraction', 'fraction\n'),
  pax({ mtime: '1400000000.5' }),
  directory('var/times/fraction-of-directory'),
  pax({ mtime: '1400000000.25' }),
  symlink('var/times/fraction-of-link', 'fraction'),
  file('var/times/epoch', 'epoch\n', { mtime: 0 }),
  file('var/times/after-2038', 'after 2038\n', { mtime: 2 ** 32 + 1 }),
];

/** Deletes, replaces and empties what the base has. */
const changes = (note: string): readonly PackEntry[] => [
  directory('etc', { mode: 0o750, mtime: TIME + 10 }),
  gone('etc/.wh.removed'),
  file('etc/replaced', note, { mode: 0o400, uid: 7 }),
  directory('etc/becomes-directory', { mtime: TIME + 10 }),
  file('etc/becomes-directory/inside', 'inside\n'),
  file('etc/becomes-file', 'file\n'),
  file('etc/comes-back', 'first\n'),
  directory('usr', { mtime: TIME + 10 }),
  directory('usr/share', { mtime: TIME + 11 }),
  gone('usr/share/.wh.su-elsewhere'), // the others are still linked
  directory('var', { mtime: TIME + 10 }),
  directory('var/cache', { mtime: TIME + 10 }),
  gone('var/cache/.wh..wh..opq'),
  file('var/cache/new', 'new\n'),
  directory('var/lib', { mtime: TIME + 10 }),
  gone('var/lib/.wh.removed'),
];

/** A file that is deleted and comes back as another one, and hard links of this layer alone. */
const later = (note: string): readonly PackEntry[] => [
  directory('etc', { mtime: TIME + 20 }),
  gone('etc/.wh.comes-back'),
  symlink('etc/comes-back', 'replaced', { mtime: TIME + 20 }),
  directory('opt', { mode: 0o3775, gid: 20 }),
  file('opt/one', note, { mode: 0o640 }),
  hardLink('opt/two', 'opt/one', { mode: 0o640 }),
  gone('.wh.run'),
];

/** An image to be pushed. */
export interface SourceImage {
  /** without compression, the base first */
  readonly layers: readonly Buffer[];
  /** the config, as clients of v2 have it */
  readonly config: object;
}

function configOf(layers: readonly Buffer[], history: readonly object[], more: object): object {
  return {
    created: '2026-01-02T03:04:05.123456789+02:00',
    architecture: 'amd64',
    os: 'linux',
    ...more,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
    history,
  };
}

/**
 * The image with everything. One of its layers is empty.
 *
 * @param note - is in the other layers, so that no client reuses those of another image
 */
export function richImage(note: string): SourceImage {
  const layers = [base(note), changes(note), [], later(note)].map((entries) => packTar(...entries));
  const config = {
    Cmd: ['/bin/sh', '-c', 'echo "<&>"'],
    Entrypoint: null,
    Env: ['PATH=/bin', 'GREETING=Grüße'],
    ExposedPorts: { '80/tcp': {} },
    Healthcheck: { Test: ['CMD', 'true'], Interval: 30_000_000_000 },
    Labels: { note },
    StopSignal: 'SIGINT',
    Volumes: { '/var/cache': {} },
    WorkingDir: '/home/alice',
  };
  const history = layers.map((_, at) => ({ created: '2026-01-02T03:04:05Z', created_by: `ADD layer-${at} / # <&>` }));
  return { layers, config: configOf(layers, history, { author: 'Alice <alice@example.com>', config }) };
}

/** An image as most are. Of its history, one line made no layer. */
export function usualImage(note: string): SourceImage {
  const layers = [
    packTar(directory('bin'), file('bin/busybox', note, { mode: 0o755 }), symlink('bin/sh', 'busybox')),
    packTar(directory('etc'), file('etc/motd', note)),
  ];
  const history = [
    { created: '2026-01-01T00:00:00Z', created_by: 'ADD base /' },
    { created: '2026-01-01T00:00:01Z', created_by: 'CMD ["sh"]', empty_layer: true },
    { created: '2026-01-01T00:00:02Z', created_by: 'COPY motd /etc/motd', comment: 'buildkit' },
  ];
  return { layers, config: configOf(layers, history, { config: { Cmd: ['sh'], Env: ['PATH=/bin'] } }) };
}
