import { digestOf } from '../../platform/bytes/digest';
import { headerOf, type Header } from '../wire/answer';
import { UnexpectedAnswer, type V2Exchange, type V2Request, type V2Session } from './session';

/*
 * A plain client of the v2 protocol (bridge 5): it sends the requests of docker 20 and later, one after the other.
 */

/** A manifest to be pushed. */
export interface V2Manifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** What docker of today accepts. */
const MANIFEST_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
];

const OCTETS: Header = ['Content-Type', 'application/octet-stream'];
const NOTHING = Buffer.alloc(0);

/** Requests a manifest by tag or digest, or only its headers. */
export function requestManifest(
  session: V2Session,
  method: 'GET' | 'HEAD',
  repository: string,
  reference: string,
): Promise<V2Exchange> {
  const headers = [['Accept', MANIFEST_TYPES.join(', ')] as const];
  return session.send({ method, url: `${session.url}/v2/${repository}/manifests/${reference}`, headers });
}

/** Requests a blob, or only its headers. */
export function requestBlob(
  session: V2Session,
  method: 'GET' | 'HEAD',
  repository: string,
  digest: string,
): Promise<V2Exchange> {
  return session.send({ method, url: `${session.url}/v2/${repository}/blobs/${digest}` });
}

/**
 * Pushes a blob that the repository does not have: POST, one PATCH, and an empty PUT.
 *
 * @throws UnexpectedAnswer
 */
export async function pushBlob(session: V2Session, repository: string, bytes: Buffer): Promise<void> {
  const digest = digestOf(bytes);
  const url = `${session.url}/v2/${repository}/blobs/uploads/`;
  const begun = await expectStatus(session, { method: 'POST', url, body: NOTHING }, 202);
  const patch = { method: 'PATCH', url: locationOf(begun), headers: [OCTETS], body: bytes } as const;
  const sent = await expectStatus(session, patch, 202);
  const end = new URL(locationOf(sent));
  end.searchParams.set('digest', digest);
  await expectStatus(session, { method: 'PUT', url: end.href, headers: [OCTETS], body: NOTHING }, 201);
}

/**
 * Pushes a manifest whose blobs the repository has.
 *
 * @throws UnexpectedAnswer
 */
export async function putManifest(
  session: V2Session,
  repository: string,
  reference: string,
  { mediaType, bytes }: V2Manifest,
): Promise<void> {
  const url = `${session.url}/v2/${repository}/manifests/${reference}`;
  await expectStatus(session, { method: 'PUT', url, headers: [['Content-Type', mediaType]], body: bytes }, 201);
}

async function expectStatus(session: V2Session, request: V2Request, status: number): Promise<V2Exchange> {
  const exchange = await session.send(request);
  if (exchange.answer.status === status) return exchange;
  throw new UnexpectedAnswer(exchange, String(status));
}

/** The absolute URL at which an upload goes on. */
function locationOf(exchange: V2Exchange): string {
  const location = headerOf(exchange.answer, 'Location');
  const { url } = exchange.request;
  if (location !== '' && URL.canParse(location, url)) return new URL(location, url).href;
  throw new UnexpectedAnswer(exchange, 'the header Location with the URL of the upload');
}
