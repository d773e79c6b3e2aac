/** The part of a body of known size that a Range header asks for. */
export type RangeReading = { kind: 'whole' } | { kind: 'part'; start: number; end: number } | { kind: 'unsatisfiable' };

/**
 * Reads a Range header (RFC 7233). Engines resume with an end of one past the last byte, so an end beyond the size is
 * clamped. Anything that is not a single range of bytes is ignored, as the RFC allows.
 *
 * @param sizeBytes - of the whole body
 */
export function readRange(header: string | undefined, sizeBytes: number): RangeReading {
  const match = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return { kind: 'whole' };
  if (first === '') {
    const start = Math.max(0, sizeBytes - Number(last));
    return start >= sizeBytes ? { kind: 'unsatisfiable' } : { kind: 'part', start, end: sizeBytes - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return { kind: 'whole' };
  if (start >= sizeBytes) return { kind: 'unsatisfiable' };
  return { kind: 'part', start, end: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
}
