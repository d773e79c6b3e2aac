import { openRows } from './row-files';

/** A layer in the list of a backup. */
export interface ListedLayer {
  readonly digest: string;
  readonly sizeBytes: number;
  /** where the server had it */
  readonly storageKey: string;
}

async function* linesOf(file: string): AsyncIterable<string> {
  const text = openRows(file).setEncoding('utf8');
  let rest = '';
  for await (const chunk of text) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** Reads the list of layers, in ascending order of their digests. */
export async function* readLayerList(file: string): AsyncIterable<ListedLayer> {
  for await (const line of linesOf(file)) {
    const [digest = '', size = '', storageKey = ''] = line.split('\t');
    yield { digest, sizeBytes: Number(size), storageKey };
  }
}

/** The digests of the list. */
export async function* readDigests(file: string): AsyncIterable<string> {
  for await (const { digest } of readLayerList(file)) yield digest;
}
