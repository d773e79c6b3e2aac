import { gunzipSync } from 'node:zlib';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { createCommandPlace, type CommandPlace } from '../helpers/command-place';
import { basic, passwordOf } from '../helpers/test-server';
import { digestOf } from '../helpers/v2-client';

/** A server in a process of its own, with the accounts that the tests of clients use. */
export interface ClientHub {
  readonly url: string;
  /** `127.0.0.1:port` */
  readonly host: string;
  /** an access token of alice */
  readonly accessToken: string;
  /** the access token of the robot acme+ci, which may push to acme/app */
  readonly robotToken: string;
  readonly place: CommandPlace;
  readonly server: ChildServer;
  close(): Promise<void>;
}

function tokenIn(stdout: string): string {
  const token = /ddt_[A-Za-z0-9]+/.exec(stdout)?.[0];
  if (token === undefined) throw new Error(`there is no token in ${stdout}`);
  return token;
}

/** Sends JSON to the API as alice. */
export async function ask(url: string, method: string, route: string, body: object): Promise<void> {
  const headers = { Authorization: basic('alice'), 'Content-Type': 'application/json', 'If-Match': '*' };
  const response = await fetch(url + route, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
}

/** Starts the server; alice owns acme, bob is another user. */
export async function startClientHub(): Promise<ClientHub> {
  const place = await createCommandPlace();
  const run = async (line: string): Promise<string> => {
    const { code, stdout, stderr } = await place.run(...line.split(' '));
    if (code !== 0) throw new Error(`drydock ${line}: ${stderr}`);
    return stdout;
  };
  for (const user of ['alice', 'bob']) await run(`user add ${user} --password ${passwordOf(user)}`);
  await run('plan assign alice small');
  await run('org add acme --owner alice');
  await run('org robot-add acme ci');
  await run('repo create acme/app');
  await run('team add acme builders');
  await run('team join acme builders acme+ci');
  const accessToken = tokenIn(await run('token add alice --name laptop --access admin'));
  const robotToken = tokenIn(await run('token add acme+ci --name builds --access write'));
  const server = await startChildServer(place.environment);
  await ask(server.url, 'PUT', '/api/v1.1/repositories/acme/app/teams/builders/', { access: 'write' });
  return {
    url: server.url,
    host: new URL(server.url).host,
    accessToken,
    robotToken,
    place,
    server,
    close: async () => {
      await server.end('SIGTERM');
      await place.close();
    },
  };
}

/** An image as the hub serves it, after each digest was compared with the bytes. */
export interface Served {
  readonly digest: string;
  readonly config: string;
  readonly layers: readonly string[];
  readonly mediaType: string;
  /** the layers without compression, one after the other */
  readonly text: string;
}

interface ManifestBody {
  readonly mediaType?: string;
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

async function bytesOf({ url }: ClientHub, path: string): Promise<{ bytes: Buffer; response: Response }> {
  const headers = { Authorization: basic('alice'), Accept: '*/*' };
  const response = await fetch(`${url}/v2/${path}`, { headers });
  if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return { bytes: Buffer.from(await response.arrayBuffer()), response };
}

/** Status of the answer to a request for a manifest. */
export async function statusOf({ url }: ClientHub, repository: string, reference: string): Promise<number> {
  const headers = { Authorization: basic('alice') };
  const { status } = await fetch(`${url}/v2/${repository}/manifests/${reference}`, { method: 'HEAD', headers });
  return status;
}

/** The body of a manifest or index. */
export async function manifestOf(hub: ClientHub, repository: string, reference: string): Promise<unknown> {
  return JSON.parse((await bytesOf(hub, `${repository}/manifests/${reference}`)).bytes.toString());
}

/** Downloads a manifest, its config and its layers, and compares each with its digest. */
export async function served(hub: ClientHub, repository: string, reference: string): Promise<Served> {
  const { bytes, response } = await bytesOf(hub, `${repository}/manifests/${reference}`);
  const digest = digestOf(bytes);
  expect(response.headers.get('docker-content-digest')).toBe(digest);
  const { config, layers } = JSON.parse(bytes.toString()) as ManifestBody;
  const contents: string[] = [];
  for (const blob of [config.digest, ...layers.map((layer) => layer.digest)]) {
    const content = await bytesOf(hub, `${repository}/blobs/${blob}`);
    expect(digestOf(content.bytes)).toBe(blob);
    contents.push((content.bytes[0] === 0x1f ? gunzipSync(content.bytes) : content.bytes).toString());
  }
  return {
    digest,
    config: config.digest,
    layers: layers.map((layer) => layer.digest),
    mediaType: response.headers.get('content-type') ?? '',
    text: contents.slice(1).join(''),
  };
}

/** How many blobs the hub has received so far, and how many it has linked from another repository instead. */
export async function blobsReceived({ url }: ClientHub): Promise<{ uploaded: number; mounted: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const count = (method: string, route: string): number => {
    const line = text
      .split('\n')
      .find((one) => one.startsWith(`drydock_http_request_duration_seconds_count{method="${method}",route="${route}`));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  const uploads = '/v2/:namespace/:repository/blobs/uploads';
  return {
    uploaded: count('PUT', `${uploads}/:upload",status="201"`),
    mounted: count('POST', `${uploads}",status="201"`),
  };
}
