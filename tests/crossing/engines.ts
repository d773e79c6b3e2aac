import { askApi } from '../helpers/api-client';
import { addUser, basic, passwordOf, type TestServer } from '../helpers/test-server';
import { ancestryOf, newHubState } from '../protocol/hub-state';
import { readTrace, traceFiles, type EngineVersion, type Step } from '../protocol/parse-trace';
import { expectNoHarm, Replay } from '../protocol/replay';
import { retold } from '../protocol/retold';

/* What the recorded engines push, and their requests for a pull. */

type Server = Pick<TestServer, 'host' | 'port'>;

/** An image of v1. */
export interface V1Image {
  readonly id: string;
  readonly json: Buffer;
  readonly layer: Buffer;
}

/** A tag with its images, the base first. */
export interface V1Tag {
  readonly repository: string;
  readonly tag: string;
  readonly chain: readonly V1Image[];
}

const RECORDED = 'alice/multi';

/**
 * Pushes as an engine did, byte for byte, to a repository of an account of its own: images that an account has already are
 * not uploaded again, and the engines pushed different bytes under the same ids. Alice may push there, too.
 *
 * @returns its two tags, with what the engine sent
 */
export async function pushAs(server: TestServer, version: EngineVersion): Promise<V1Tag[]> {
  const user = `docker${version.replaceAll(/\D/g, '')}`;
  await addUser(server, user);
  const repository = `${user}/multi`;
  const state = newHubState({ [user]: passwordOf(user) });
  const replay = new Replay(server, state);
  try {
    for (const file of traceFiles(version).filter((name) => /^0[57]-push/.test(name))) {
      await replay.run(retold(readTrace(version, file), { authorization: basic(user), repository }));
    }
  } finally {
    replay.close();
  }
  await askApi(server, 'put', `/api/v1.1/repositories/${repository}/collaborators/alice/`, { as: user });
  const tags = [...(state.repositories.get(repository)?.tags ?? [])];
  return tags.map(([tag, top]) => {
    const chain = ancestryOf(state, top).reverse();
    return { repository, tag, chain: chain.map((id) => ({ id, ...state.images.get(id)! })) };
  });
}

const OF_IMAGE = /^\/v1\/images\/([0-9a-f]{64})\/(?:json|layer)$/;
const idOf = ({ request }: Step): string => OF_IMAGE.exec(request.target)?.[1] ?? '';

/** What an engine asks about images: all of one image after the other, or one thing of all images after the other. */
function requestsFor(recorded: readonly Step[], ids: readonly string[]): { step: Step; id: string }[] {
  const [first, second] = recorded;
  if (first === undefined || second === undefined) throw new Error('the recorded pull has no images');
  const parts = recorded.filter((step) => idOf(step) === idOf(first));
  const isByImage = idOf(first) === idOf(second);
  return isByImage
    ? ids.flatMap((id) => parts.map((step) => ({ step, id })))
    : parts.flatMap((step) => ids.map((id) => ({ step, id })));
}

/** An engine that pulls one tag as it did when it was recorded, with its headers and in its order. */
class PullingEngine {
  readonly #replay: Replay;
  readonly #recorded: readonly Step[];
  #sent = 0;

  constructor(server: Server, version: EngineVersion) {
    this.#replay = new Replay(server, newHubState({}));
    this.#recorded = readTrace(version, '10-pull-one-tag.txt').steps;
  }

  async pull(repository: string, tag: string): Promise<V1Image[] | undefined> {
    let top: string | undefined;
    for (const step of this.#recorded.filter((one) => !OF_IMAGE.test(one.request.target))) {
      const target = step.request.target.replace(RECORDED, repository).replace(/\/one$/, `/${tag}`);
      if (target.endsWith('/ancestry')) return this.#images(await this.#ancestry(step, top ?? ''));
      const answer = await this.#send(step, target, target === '/v2/' ? [401] : [404]);
      if (target.endsWith('/tags')) top = (JSON.parse(answer.toString()) as Record<string, string>)[tag];
      if (target.endsWith(`/tags/${tag}`)) top = /^"([0-9a-f]{64})"$/.exec(answer.toString())?.[1];
      if (target.includes('/tags') && top === undefined) return undefined;
    }
    throw new Error('the recorded pull has no ancestry');
  }

  close(): void {
    this.#replay.close();
  }

  async #ancestry(step: Step, top: string): Promise<string[]> {
    const ids = JSON.parse((await this.#send(step, `/v1/images/${top}/ancestry`)).toString()) as string[];
    expect(ids[0]).toBe(top);
    return ids.reverse();
  }

  async #images(ids: readonly string[]): Promise<V1Image[]> {
    const empty: Pick<V1Image, 'json' | 'layer'> = { json: Buffer.alloc(0), layer: Buffer.alloc(0) };
    const images = new Map<string, V1Image>(ids.map((id) => [id, { id, ...empty }]));
    const recorded = this.#recorded.filter(({ request }) => OF_IMAGE.test(request.target));
    for (const { step, id } of requestsFor(recorded, ids)) {
      const body = await this.#send(step, step.request.target.replace(idOf(step), id));
      const part = step.request.target.endsWith('json') ? 'json' : 'layer';
      if (step.request.method === 'GET') images.set(id, { ...images.get(id)!, [part]: body });
    }
    return [...images.values()];
  }

  /** Sends a recorded request for another target. Its answer must have the recorded status. */
  async #send({ request, answer: recorded }: Step, target: string, others: readonly number[] = []): Promise<Buffer> {
    this.#sent += 1;
    const sent = { ...request, target, connection: `${this.#sent}` };
    const answer = await this.#replay.send(sent);
    expect([recorded.status, ...others]).toContain(answer.status);
    expectNoHarm(sent, answer);
    return answer.body;
  }
}

/**
 * Pulls a tag with the requests of an engine.
 *
 * @returns its images, the base first; undefined when the tag does not exist for the engine
 */
export async function pullAs(
  server: Server,
  version: EngineVersion,
  repository: string,
  tag: string,
): Promise<V1Image[] | undefined> {
  const engine = new PullingEngine(server, version);
  try {
    return await engine.pull(repository, tag);
  } finally {
    engine.close();
  }
}
