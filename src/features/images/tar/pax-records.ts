import { TarError } from './tar-error';
import type { TarHeader } from './tar-header';
import { parseDecimal, parsePaxTime } from './tar-numbers';

/** The records of one PAX header, value bytes by key. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

const XATTR = 'SCHILY.xattr.';

/** Reads records of the form `LENGTH KEY=VALUE\n`, where the length counts the whole record. */
export function parsePax(data: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  for (let start = 0; start < data.length;) {
    const space = data.indexOf(' ', start);
    const end = start + parseDecimal(data.toString('latin1', start, space < 0 ? start : space));
    const equals = data.indexOf('=', space);
    const isWhole = end > space && end <= data.length && equals > space + 1 && equals < end && data[end - 1] === 0x0a;
    if (!isWhole) throw new TarError('a PAX record is malformed');
    records.set(data.toString('utf8', space + 1, equals), data.subarray(equals + 1, end - 1));
    start = end;
  }
  return records;
}

/** The header, with the values of the PAX records, which take precedence. An empty value means: as in the header. */
export function applyPax(header: TarHeader, records: PaxRecords): TarHeader {
  const text = (key: string): Buffer | undefined => {
    const value = records.get(key);
    if (value?.includes(0) === true) throw new TarError('a PAX name has a NUL in it');
    return value?.length === 0 ? undefined : value;
  };
  const number = (key: string, parse = parseDecimal): number | undefined => {
    const value = text(key);
    return value && parse(value.toString('latin1'));
  };
  const size = number('size') ?? header.size;
  if (size < 0) throw new TarError('a PAX size is negative');
  return {
    ...header,
    name: text('path') ?? header.name,
    linkname: text('linkpath') ?? header.linkname,
    uname: text('uname') ?? header.uname,
    gname: text('gname') ?? header.gname,
    uid: number('uid') ?? header.uid,
    gid: number('gid') ?? header.gid,
    mtime: number('mtime', parsePaxTime) ?? header.mtime,
    size,
  };
}

/** The name and the unpacked size of a sparse file, which GNU tar puts into PAX records. */
export function paxSparse(records: PaxRecords): { name?: Buffer; size?: number } {
  const name = records.get('GNU.sparse.name');
  const digits = records.get('GNU.sparse.realsize') ?? records.get('GNU.sparse.size');
  const size = digits && parseDecimal(digits.toString('latin1'));
  if (size !== undefined && size < 0) throw new TarError('a PAX size is negative');
  return { ...(name && { name }), ...(size !== undefined && { size }) };
}

/** The extended attributes among the records, without their prefix. */
export function paxXattrs(records: PaxRecords): ReadonlyMap<string, Buffer> {
  const isXattr = ([key]: [string, Buffer]): boolean => key.startsWith(XATTR);
  return new Map([...records].filter(isXattr).map(([key, value]) => [key.slice(XATTR.length), value]));
}
