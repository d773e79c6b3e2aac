const MEBIBYTE = 1024 * 1024;

/** S3 refuses shorter parts, except for the last one. */
export const SHORTEST_PART = 5 * MEBIBYTE;

/** S3 takes no more parts of an object. */
export const MOST_PARTS = 10_000;

/** Up to which part each size is used. Nearly all blobs have parts of one size, which some stores want. */
const STEPS = [
  { upTo: 1000, bytes: 8 * MEBIBYTE },
  { upTo: 2000, bytes: 16 * MEBIBYTE },
  { upTo: MOST_PARTS, bytes: 24 * MEBIBYTE },
];

/** The size of a full part. @param number - of the part, from 1 on */
export function partBytesOf(number: number): number {
  return (STEPS.find(({ upTo }) => number <= upTo) ?? { bytes: 24 * MEBIBYTE }).bytes;
}

/** From which length on bytes that arrived before become a part as they are. Later there are too few parts for that. */
export function shortestPartOf(number: number): number {
  return number <= 1000 ? SHORTEST_PART : partBytesOf(number);
}

/** 211 GiB: what fits into the parts of an object. */
export const LARGEST_BLOB_BYTES = STEPS.reduce(
  ({ bytes, from }, step) => ({ bytes: bytes + (step.upTo - from) * step.bytes, from: step.upTo }),
  { bytes: 0, from: 0 },
).bytes;
