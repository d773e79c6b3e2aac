import { call } from './http';
import { chunked, upload } from './raw-transfer';
import { startUpload, type V2Target } from './v2-client';

/* Pushes of one large blob, in the two ways of v2. */

const TYPE = { 'Content-Type': 'application/octet-stream' };

/** Runs a transfer, and resolves to a figure of it. */
export type Timed = (transfer: () => Promise<void>) => Promise<number>;

/** POST, and PUT with the whole blob, as containerd does. */
export function putMonolithic(target: V2Target, blob: Buffer, digest: string, timed: Timed): Promise<number> {
  return timed(async () => {
    const location = await startUpload(target);
    location.searchParams.set('digest', digest);
    const headers = { ...target.headers, ...TYPE, 'Content-Length': String(blob.length) };
    await upload({ method: 'PUT', url: location.href, headers }, blob, 201);
  });
}

/** POST, PATCH with the whole blob in chunked encoding, and PUT without bytes, as docker does. */
export function patchChunked(target: V2Target, blob: Buffer, digest: string, timed: Timed): Promise<number> {
  const body = chunked(blob);
  return timed(async () => {
    const location = await startUpload(target);
    const headers = { ...target.headers, ...TYPE, 'Transfer-Encoding': 'chunked' };
    const patched = await upload({ method: 'PATCH', url: location.href, headers }, body, 202);
    const next = new URL(/\r\nlocation: (\S+)/i.exec(patched)?.[1] ?? '', target.url);
    next.searchParams.set('digest', digest);
    const length = { ...target.headers, 'Content-Length': '0' };
    await call({ method: 'PUT', url: next.href, headers: length, expected: [201] });
  });
}
