import { digestOf } from '../../../../platform/bytes/digest';
import { requestManifest } from '../../../../client/v2/v2-client';
import { headerOf } from '../../../../client/wire/answer';
import { v2Of, withClient } from '../client-of-today';
import type { EngineRun } from '../engine-run';
import { failed, type Exchange } from '../failure';
import { parseManifest, type ManifestBody } from '../parsed-v2';

const MISSING = 'docker pull of today: manifest unknown';

/** `HEAD` and `GET …/manifests/<tag>` (bridge 5, row 2): the same digest twice, and that of the bytes. */
export async function pullManifest(
  run: EngineRun,
  tag: string,
): Promise<{ readonly exchange: Exchange; readonly manifest: ManifestBody }> {
  const head = await ask(run, 'HEAD', tag);
  assertLength(head);
  const exchange = await ask(run, 'GET', tag);
  const { body, isCut } = exchange.answer;
  if (isCut) throw failed(exchange, 'the whole manifest', 'docker pull of today: unexpected EOF');
  const digest = digestOf(body);
  for (const each of [head, exchange]) assertDigest(each, digest);
  const manifest = parseManifest(body);
  if (!manifest) {
    const needed = 'a manifest with schemaVersion 2, mediaType, config and layers';
    throw failed(exchange, needed, 'docker pull of today: missing signature key');
  }
  if (headerOf(exchange.answer, 'Content-Type') !== manifest.mediaType) {
    const needed = `Content-Type: ${manifest.mediaType}, as the manifest says; a proxy must not change it`;
    throw failed(exchange, needed, 'docker pull of today: missing signature key');
  }
  return { exchange, manifest };
}

async function ask(run: EngineRun, method: 'GET' | 'HEAD', tag: string): Promise<Exchange> {
  const exchange = await withClient(MISSING, () => requestManifest(v2Of(run), method, run.repository, tag));
  if (exchange.answer.status === 200) return exchange;
  throw failed(exchange, '200 over v2, because this tag was pushed over v1', MISSING);
}

function assertLength(head: Exchange): void {
  if (/^[1-9]\d*$/.test(headerOf(head.answer, 'Content-Length'))) return;
  const needed = 'Content-Length on HEAD: the bytes of the manifest; a proxy must not remove or change it';
  throw failed(head, needed, 'docker pull of today: missing or empty Content-Length header');
}

function assertDigest(exchange: Exchange, digest: string): void {
  if (headerOf(exchange.answer, 'Docker-Content-Digest') === digest) return;
  const needed = `Docker-Content-Digest: ${digest}, the sha256 of the bytes of GET`;
  throw failed(exchange, needed, 'docker pull of today: manifest unknown, because it pulls by this digest');
}
