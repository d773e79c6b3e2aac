import type { PackEntry } from '../features/images/tar/pack-tar';

/* Entries of layers. Their time is one of 2014 unless another one is given. */

export const TIME = 1400000000;

export const directory = (name: string, more: Partial<PackEntry> = {}): PackEntry => ({
  name: `${name}/`,
  typeflag: '5',
  mode: 0o755,
  mtime: TIME,
  ...more,
});

export const file = (name: string | Buffer, text: string, more: Partial<PackEntry> = {}): PackEntry => ({
  name,
  body: Buffer.from(text),
  mtime: TIME,
  ...more,
});

export const symlink = (name: string, linkname: string, more: Partial<PackEntry> = {}): PackEntry => ({
  name,
  typeflag: '2',
  linkname,
  mode: 0o777,
  mtime: TIME,
  ...more,
});

/** All fields but the name are those of the file that is linked to, as tar writes them. */
export const hardLink = (name: string, linkname: string, more: Partial<PackEntry> = {}): PackEntry => ({
  name,
  typeflag: '1',
  linkname,
  mtime: TIME,
  ...more,
});

/** What deletes a file of an earlier layer, whose name it has after `.wh.`. */
export const gone = (name: string): PackEntry => file(name, '', { mode: 0 });
