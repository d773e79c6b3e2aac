import { fullNameOf, openRepository } from './hub-state';
import { bodyText, readJson, row, type Exchange, type Row } from './expectation';
import { valuesOf } from './parse-trace';

/* What engines need of the index; the numbers are sections of the measured engine behaviour. */

function expectToken({ answer }: Exchange, name: string, access: 'read' | 'write'): void {
  const tokens = valuesOf(answer.headers, 'X-Docker-Token');
  expect(tokens).toHaveLength(1);
  expect(tokens[0]).toMatch(/^signature=[0-9a-f]+,repository="[^"]+",access=[a-z]+$/);
  expect(tokens[0]).toContain(`,repository="${fullNameOf(name)}",access=${access}`);
}

/** 0.6 to 0.9 take the whole value as one host: no list, no scheme, no path. */
function expectEndpoint({ answer, host }: Exchange): void {
  expect(valuesOf(answer.headers, 'X-Docker-Endpoints')).toEqual([host]);
}

interface Credentials {
  readonly username: string;
  readonly password: string;
}

function basicCredentials({ request }: Exchange): Credentials {
  const [authorization = ''] = valuesOf(request.headers, 'Authorization');
  const text = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  const colon = text.indexOf(':');
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function registration({ request }: Exchange): Credentials {
  return readJson(request.body) as Credentials;
}

function announcedIds({ request }: Exchange): string[] {
  return (readJson(request.body) as { id: string }[]).map(({ id }) => id);
}

/** The repositories that a search must find, as people type them. */
function namesWith({ state }: Exchange, term: string): string[] {
  const names = [...state.repositories.keys()].map((name) => name.replace(/^library\//, ''));
  return names.filter((name) => name.includes(term)).sort();
}

export const INDEX_ROWS: readonly Row[] = [
  row('GET', '/v1/_ping', {
    needs: 'X-Docker-Registry-Version, or engines up to 0.9.1 see no registry (3)',
    expects: ({ answer }) => {
      expect(answer.status).toBe(200);
      expect(valuesOf(answer.headers, 'X-Docker-Registry-Version')).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
      expect(bodyText(answer)).toBe('true');
    },
  }),
  row('POST', '/v1/users/', {
    needs: '201 and nothing else for a new account; for a known name a 400 with exactly these 34 bytes (3)',
    expects: (exchange) => {
      const { answer, state } = exchange;
      const isKnown = state.accounts.has(registration(exchange).username);
      expect(answer.status).toBe(isKnown ? 400 : 201);
      if (!isKnown) return;
      expect(answer.body).toHaveLength(34);
      expect(bodyText(answer)).toBe('"Username or email already exists"');
    },
    learns: (exchange) => {
      const { username, password } = registration(exchange);
      if (!exchange.state.accounts.has(username)) exchange.state.accounts.set(username, password);
    },
  }),
  row('GET', '/v1/users/', {
    needs: '200 for good credentials, 401 for wrong ones: "Wrong login/password, please try again" (3)',
    expects: (exchange) => {
      const { username, password } = basicCredentials(exchange);
      const isRight = exchange.state.accounts.get(username) === password;
      expect(exchange.answer.status).toBe(isRight ? 200 : 401);
    },
  }),
  row('PUT', '/v1/repositories/([^/]+|[^/]+/[^/]+)/', {
    needs: '200 or 201, with X-Docker-Token (up to 1.5) and X-Docker-Endpoints, a bare host (3)',
    expects: (exchange) => {
      expect([200, 201]).toContain(exchange.answer.status);
      expectToken(exchange, exchange.params[0], 'write');
      expectEndpoint(exchange);
    },
    learns: (exchange) => {
      const { announced } = openRepository(exchange.state, exchange.params[0]);
      for (const id of announcedIds(exchange)) announced.add(id);
    },
  }),
  row('PUT', '/v1/repositories/(.+)/images', {
    needs: 'exactly 204, or "Status 200 trying to push checksums"; `[]` takes nothing from the list (1, 3)',
    expects: ({ request, answer }) => {
      expect(request.body.toString()).toBe('[]');
      expect(answer.status).toBe(204);
    },
  }),
  row('GET', '/v1/repositories/(.+)/images', {
    needs: 'an array, X-Docker-Endpoints (0.6 to 0.9), no Tag (all-tags pulls would follow it); 404: not found (3)',
    expects: (exchange) => {
      const { answer, state, params } = exchange;
      const repository = state.repositories.get(fullNameOf(params[0]));
      expect(answer.status).toBe(repository === undefined ? 404 : 200);
      if (repository === undefined) return;
      expectToken(exchange, params[0], 'read');
      expectEndpoint(exchange);
      const list = readJson(answer.body) as { id: string }[];
      expect(list.map(({ id }) => id).sort()).toEqual([...repository.announced].sort());
      for (const image of list) expect(['id', 'checksum']).toEqual(expect.arrayContaining(Object.keys(image)));
    },
  }),
  row('GET', String.raw`/v1/search\?q=([a-z]+)(?:&n=25)?`, {
    needs: 'results with a name; is_trusted up to 1.6, is_automated from 1.7 on (1; protocol 2.13)',
    expects: (exchange) => {
      const [term] = exchange.params;
      const names = namesWith(exchange, term);
      expect(exchange.answer.status).toBe(200);
      expect(readJson(exchange.answer.body)).toMatchObject({
        query: term,
        num_results: names.length,
        results: names.map((name) => ({
          name,
          description: expect.any(String),
          star_count: 0,
          is_official: false,
          is_trusted: false,
          is_automated: false,
        })),
      });
    },
  }),
];
