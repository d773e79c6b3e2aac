import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/* Files of rows in the text format of COPY, in gzip: each row ends with a newline, and a newline in a value is escaped. */

const NEWLINE = 0x0a;

/** Reads the rows of a file. An error of the file is thrown where they are read. */
export function openRows(file: string): Readable {
  return pipeline(createReadStream(file), createGunzip(), () => undefined);
}

/** The number of rows that end in these bytes. */
export function countEnds(bytes: Buffer): number {
  let ends = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) ends += 1;
  return ends;
}
