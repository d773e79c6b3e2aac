import type { TestServer } from '../helpers/test-server';
import { readJson, type Exchange, type Row } from './expectation';
import type { HubState } from './hub-state';
import { INDEX_ROWS } from './index-expectations';
import { valuesOf, type Header, type RecordedRequest, type Step, type Trace } from './parse-trace';
import { exchange, RawConnection, type RawAnswer } from './raw-client';
import { REGISTRY_ROWS } from './registry-expectations';

/*
 * Sends recorded requests to a listening server, in their order, over connections that are kept open and closed as they
 * were. Only the host and the token differ from the engine's: the token is the last one from the server.
 */

const RECORDER = '127.0.0.1:5000';
const ROWS = [...INDEX_ROWS, ...REGISTRY_ROWS];

/** An engine that goes from session to session. */
export class Replay {
  readonly #connections = new Map<string, RawConnection>();
  #token: string | undefined;

  constructor(
    readonly server: Pick<TestServer, 'host' | 'port'>,
    readonly state: HubState,
  ) {}

  /** Replays one session; after every answer the engine must be able to continue as it did. */
  async run(trace: Trace): Promise<void> {
    this.#token = undefined;
    for (const [index, step] of trace.steps.entries()) {
      const { method, target } = step.request;
      try {
        await this.#step(step);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new Error(`${trace.name}, request ${index + 1}: ${method} ${target}\n${message}`, { cause: error });
      }
    }
  }

  /** Sends one recorded request and resolves to the answer, whatever it is. A token in it is the engine's from now on. */
  async send(recorded: RecordedRequest): Promise<RawAnswer> {
    const headers = recorded.headers.map((header) => this.#ownHeader(header));
    const answer = await exchange(await this.#connectionOf(recorded), { ...recorded, headers });
    this.#token = valuesOf(answer.headers, 'X-Docker-Token')[0] ?? this.#token;
    return answer;
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.destroy();
  }

  async #step({ request, answer: recorded }: Step): Promise<void> {
    const row = rowFor(request);
    const answer = await this.send(request);
    const params = (row.path.exec(request.target) ?? []).slice(1) as unknown as Exchange['params'];
    const step = { request, params, answer, recorded, state: this.state, host: this.server.host };
    expectOrSay(row.needs, () => {
      expectNoHarm(request, answer);
      row.expects(step);
      // If the server had allowed what the recorder refused, the engine would not have continued as it did.
      expect({ status: answer.status, isError: answer.status >= 400 }).toMatchObject({
        isError: recorded.status >= 400,
      });
    });
    row.learns?.(step);
  }

  #ownHeader([name, value]: Header): Header {
    if (name === 'Authorization' && value.startsWith('Token ')) return [name, `Token ${this.#ownToken()}`];
    if (name === 'Host' || name === 'X-Docker-Endpoints') return [name, value.replace(RECORDER, this.server.host)];
    return [name, value];
  }

  #ownToken(): string {
    if (this.#token === undefined) throw new Error('the engine has no token to send');
    return this.#token;
  }

  /** The engine's own connection, opened again if it has been closed since. */
  async #connectionOf({ connection: id }: RecordedRequest): Promise<RawConnection> {
    const open = this.#connections.get(id);
    if (open?.isReady === true) return open;
    const connection = await RawConnection.open(this.server.port);
    this.#connections.set(id, connection);
    return connection;
  }
}

function rowFor({ method, target }: RecordedRequest): Row {
  const row = ROWS.find((candidate) => candidate.method.test(method) && candidate.path.test(target));
  if (row === undefined) throw new Error('no expectation: every request of an engine must have one');
  return row;
}

function expectOrSay(needs: string, expectations: () => void): void {
  try {
    expectations();
  } catch (error) {
    throw new Error(`the engine needs: ${needs}\n${error instanceof Error ? error.message : ''}`, { cause: error });
  }
}

/** What no answer may do to any engine. */
export function expectNoHarm({ method, target }: RecordedRequest, answer: RawAnswer): void {
  const { status, headers } = answer;
  expect(status < 300 || status >= 400).toBe(true); // a redirect of a PUT breaks it
  expect(valuesOf(headers, 'Content-Encoding')).toEqual([]);
  expect(valuesOf(headers, 'Docker-Distribution-Api-Version')).toEqual([]);
  if (target.startsWith('/v1/')) expect(valuesOf(headers, 'X-Docker-Registry-Version')).toEqual(['0.9.1']);
  if (!/^\/v1\/images\/|^\/v1\/repositories\/.*\/tags/.test(target)) return;
  // From 1.7 on a token in any answer replaces the engine's own (protocol 13, trap 25).
  expect(valuesOf(headers, 'X-Docker-Token')).toEqual([]);
  // Engines read a registry's refusal as a map of strings (protocol 0.3).
  if (status >= 400 && method !== 'HEAD') expect(readJson(answer.body)).toEqual({ error: expect.any(String) });
}
