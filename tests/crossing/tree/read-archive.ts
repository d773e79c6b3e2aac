import { createHash } from 'node:crypto';
import { applyPax, parsePax, paxXattrs, type PaxRecords } from '../../../src/features/images/tar/pax-records';
import { BLOCK_BYTES, isZero, parseHeader, type TarHeader } from '../../../src/features/images/tar/tar-header';
import { cString } from '../../../src/features/images/tar/tar-numbers';
import type { TreeFile } from './file-tree';

/*
 * The entries of a tar archive, with nothing rounded: engines need whole seconds only, so that the reader of the source
 * drops their fractions.
 */

/** An entry of an archive. */
export interface ArchivedFile {
  /** relative to the root, which is `.` */
  readonly path: string;
  /** the path of a file that is there under another name already; undefined: it is a file of its own */
  readonly linkTo: string | undefined;
  readonly file: TreeFile;
}

const TYPES: Readonly<Record<string, TreeFile['type']>> = {
  '0': 'file',
  '\0': 'file',
  '2': 'symlink',
  '3': 'character device',
  '4': 'block device',
  '5': 'directory',
  '6': 'fifo',
};
const HARD_LINK = '1';

/** The characters of a name; the bytes of one that is not UTF-8. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes)
    ? text
    : bytes.toString('latin1').replaceAll(/[^ -~]/g, (c) => `%${c.charCodeAt(0)}`);
}

/** `./x`, `/x` and `x/` are `x`. */
function pathOf(name: Buffer): string {
  const parts = textOf(name)
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  return parts.length === 0 ? '.' : parts.join('/');
}

function timeOf({ mtime }: TarHeader, records: PaxRecords): string {
  const time = records.get('mtime')?.toString() ?? String(mtime);
  return time.includes('.') ? time.replace(/\.?0+$/, '') : time;
}

function fileOf(header: TarHeader, records: PaxRecords, body: Buffer): TreeFile {
  const type = TYPES[header.typeflag] ?? 'file';
  const isFile = type === 'file';
  const xattrs = [...paxXattrs(records)].map(([name, value]) => [name, value.toString('hex')]);
  return {
    type,
    // Linux has no modes of symlinks, but archives may have them.
    mode: type === 'symlink' ? '777' : (header.mode & 0o7777).toString(8),
    uid: header.uid,
    gid: header.gid,
    mtime: timeOf(header, records),
    size: isFile ? body.length : undefined,
    sha256: isFile ? createHash('sha256').update(body).digest('hex') : undefined,
    target: type === 'symlink' ? textOf(header.linkname) : undefined,
    device: type.endsWith('device') ? `${header.devmajor}:${header.devminor}` : undefined,
    xattrs: Object.fromEntries(xattrs) as Record<string, string>,
  };
}

/** What the headers before an entry say of it. */
interface Announced {
  readonly records: PaxRecords;
  readonly name?: Buffer;
  readonly linkname?: Buffer;
}

const NOTHING: Announced = { records: new Map() };

/** The announcement that a header makes; undefined: it is an entry. */
function announcementOf(typeflag: string, body: Buffer): Partial<Announced> | undefined {
  if (typeflag === 'x') return { records: parsePax(body) };
  if (typeflag === 'L') return { name: cString(body) };
  return typeflag === 'K' ? { linkname: cString(body) } : undefined;
}

function entryOf(header: TarHeader, announced: Announced, body: Buffer): ArchivedFile {
  const { records, name = header.name, linkname = header.linkname } = announced;
  const isHardLink = header.typeflag === HARD_LINK;
  if (!isHardLink && TYPES[header.typeflag] === undefined) throw new Error(`an entry of the type ${header.typeflag}`);
  return {
    path: pathOf(name),
    linkTo: isHardLink ? pathOf(linkname) : undefined,
    file: fileOf({ ...header, linkname }, records, body),
  };
}

/**
 * The entries of an uncompressed archive in their order. Its trailer may be missing.
 *
 * @throws TarError; Error for types that no layer of a test has
 */
export function* readArchive(tar: Buffer): Generator<ArchivedFile, void, undefined> {
  let announced = NOTHING;
  for (let at = 0; at < tar.length && !isZero(tar.subarray(at, at + BLOCK_BYTES));) {
    const header = applyPax(parseHeader(tar.subarray(at, at + BLOCK_BYTES)), announced.records);
    const start = at + BLOCK_BYTES;
    const body = tar.subarray(start, start + header.size);
    at = start + Math.ceil(header.size / BLOCK_BYTES) * BLOCK_BYTES;
    const announcement = announcementOf(header.typeflag, body);
    if (announcement === undefined) yield entryOf(header, announced, body);
    announced = announcement === undefined ? NOTHING : { ...announced, ...announcement };
  }
}
