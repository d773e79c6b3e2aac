import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { createImage, type TestImage } from '../helpers/images';
import { basic } from '../helpers/test-server';

/** An answer, or `status` 0 if the connection failed before a complete one. */
export interface ClientAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
  /** How long it took. */
  readonly ms: number;
}

/** A request that was not answered as an engine needs it. */
export class Refused extends Error {
  constructor(
    readonly answer: ClientAnswer,
    readonly what: string,
  ) {
    super(`${what}: ${answer.status} ${answer.bytes.subarray(0, 300).toString()}`);
  }
}

interface Sending {
  readonly method: string;
  readonly path: string;
  readonly authorization?: string;
  readonly body?: Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Gets every request with its answer or failure. */
export type Observer = (sending: Sending, answer: ClientAnswer) => void;

/** A request that takes longer counts as hanging. */
const HANGS_MS = 20_000;

function onWire(url: string, agent: Agent, sending: Sending): Promise<ClientAnswer> {
  const startedAt = Date.now();
  return new Promise((resolve) => {
    const failed = (): void => resolve({ status: 0, headers: {}, bytes: Buffer.alloc(0), ms: Date.now() - startedAt });
    const { method, path, authorization, body = '', headers = {} } = sending;
    const credentials = authorization === undefined ? {} : { Authorization: authorization };
    const req = httpRequest(`${url}${path}`, {
      agent,
      method,
      headers: { ...headers, ...credentials, 'Content-Length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(HANGS_MS),
    });
    req.on('error', failed);
    req.on('response', (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', failed);
      res.on('end', () => {
        const { statusCode = 0, headers: answered } = res;
        resolve({ status: statusCode, headers: answered, bytes: Buffer.concat(chunks), ms: Date.now() - startedAt });
      });
    });
    req.end(body);
  });
}

/** What a test client can do with a server; every request that fails throws `Refused`. */
export function engineClient(url: string, user: string, observe: Observer = () => undefined) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = async (sending: Sending, wanted: readonly number[]): Promise<ClientAnswer> => {
    const answer = await onWire(url, agent, sending);
    observe(sending, answer);
    if (!wanted.includes(answer.status)) throw new Refused(answer, `${sending.method} ${sending.path}`);
    return answer;
  };
  const asUser = { authorization: basic(user), headers: { 'X-Docker-Token': 'true' } };

  async function upload(authorization: string, image: TestImage): Promise<void> {
    const put = (part: string, body: Buffer | string, headers = {}, wanted = [200]) =>
      send({ method: 'PUT', path: `/v1/images/${image.id}/${part}`, authorization, body, headers }, wanted);
    const there = await send({ method: 'GET', path: `/v1/images/${image.id}/json`, authorization }, [200, 400, 404]);
    if (there.status === 200) return;
    // 409: another client was faster, as engines know.
    if ((await put('json', image.json, {}, [200, 409])).status === 409) return;
    if ((await put('layer', image.layer, {}, [200, 409])).status === 409) return;
    await put('checksum', '', { 'X-Docker-Checksum-Payload': image.payload }, [200, 409]);
  }

  return {
    basic: basic(user),
    close: () => agent.destroy(),
    send,
    login: () => send({ method: 'GET', path: '/v1/users/', ...asUser }, [200]),

    /** Pushes a chain, base first; resolves only when every step was acknowledged. */
    async push(repository: string, chain: readonly TestImage[], tags: readonly string[]): Promise<void> {
      const base = `/v1/repositories/${repository}`;
      const tip = chain.at(-1)?.id;
      // As engines from 0.8 on do: the tagged image once for each tag.
      const tagged = tags.map((tag) => ({ id: tip, Tag: tag }));
      const list = JSON.stringify([...chain.slice(0, -1).map(({ id }) => ({ id })), ...tagged]);
      const opened = await send({ method: 'PUT', path: `${base}/`, body: list, ...asUser }, [200]);
      const authorization = `Token ${String(opened.headers['x-docker-token'])}`;
      for (const image of chain) await upload(authorization, image);
      for (const tag of tags) {
        await send({ method: 'PUT', path: `${base}/tags/${tag}`, authorization, body: JSON.stringify(tip) }, [200]);
      }
      await send({ method: 'PUT', path: `${base}/images`, body: '[]', ...asUser }, [204]);
    },

    /** Pulls a tag whole, as an engine does; resolves to the bytes of all layers by image, newest first. */
    async pull(
      repository: string,
      tag: string,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<{ id: string; json: Buffer; layer: Buffer }[]> {
      const opened = await send({ method: 'GET', path: `/v1/repositories/${repository}/images`, ...asUser }, [200]);
      const authorization = `Token ${String(opened.headers['x-docker-token'])}`;
      const get = async (path: string) => (await send({ method: 'GET', path, authorization, headers }, [200])).bytes;
      const tip = JSON.parse((await get(`/v1/repositories/${repository}/tags/${tag}`)).toString()) as string;
      const ancestry = JSON.parse((await get(`/v1/images/${tip}/ancestry`)).toString()) as string[];
      const pulled = [];
      for (const id of ancestry) {
        const json = await get(`/v1/images/${id}/json`);
        pulled.push({ id, json, layer: await get(`/v1/images/${id}/layer`) });
      }
      return pulled;
    },
  };
}

export type EngineClient = ReturnType<typeof engineClient>;

/** What is wrong with a pulled chain; undefined if it equals the pushed one byte for byte. */
export function differenceOf(
  pulled: readonly { id: string; json: Buffer; layer: Buffer }[],
  chain: readonly TestImage[],
): string | undefined {
  const wanted = [...chain].reverse();
  if (pulled.map(({ id }) => id).join() !== wanted.map(({ id }) => id).join()) return 'another chain';
  const wrong = pulled.find(({ json, layer }, at) => {
    const image = wanted[at];
    return image === undefined || !json.equals(image.json) || !layer.equals(image.layer);
  });
  return wrong === undefined ? undefined : `other bytes in ${wrong.id}`;
}

/** A chain on shared bases: the first images are the given ones. */
export function growChain(bases: readonly TestImage[], length: number, layer: () => Buffer): TestImage[] {
  const chain = [...bases];
  for (let index = 0; index < length; index += 1) {
    const parent = chain.at(-1)?.id;
    chain.push(createImage({ layer: layer(), ...(parent === undefined ? {} : { parent }) }));
  }
  return chain;
}
