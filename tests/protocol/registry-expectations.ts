import { createHash } from 'node:crypto';
import { ancestryOf, fullNameOf, openRepository } from './hub-state';
import { bodyText, readJson, row, type Exchange, type Row } from './expectation';
import { valuesOf } from './parse-trace';

/* What engines need of the registry; the numbers are sections of the measured engine behaviour. */

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function completeImage({ state, params }: Exchange) {
  const image = state.images.get(params[0]);
  return image?.payload === undefined ? undefined : image;
}

/** An engine asks the registry only for things that it learned from an earlier answer, so it must find them. */
function expectedImage(exchange: Exchange) {
  const image = completeImage(exchange);
  if (image === undefined) throw new Error('the recording asks for an image that nobody has pushed');
  return image;
}

function expectLayerHead(exchange: Exchange): void {
  const { answer } = exchange;
  expect(answer.status).toBe(200);
  expect(valuesOf(answer.headers, 'Accept-Ranges')).toEqual(['bytes']);
  expect(valuesOf(answer.headers, 'Content-Length')).toEqual([String(expectedImage(exchange).layer.length)]);
}

const expectTaken = ({ answer }: Exchange): void => expect(answer.status).toBe(200);

export const REGISTRY_ROWS: readonly Row[] = [
  row('(?:GET|POST)', '/v2/.*', {
    needs: '404 without Docker-Distribution-Api-Version, or 1.13 and later never fall back to v1 (3)',
    expects: ({ answer, request }) => {
      // 1.5 does not name itself here; without the header, it takes a 401 as it takes a 404.
      const isNameless = valuesOf(request.headers, 'User-Agent')[0] === 'Go-http-client/1.1';
      expect(answer.status).toBe(isNameless ? 401 : 404);
      expect(valuesOf(answer.headers, 'Docker-Distribution-Api-Version')).toEqual([]);
    },
  }),
  row('GET', '/v1/images/([0-9a-f]{64})/json', {
    needs: '200 only for a complete image, anything else means upload; X-Docker-Size not below the layer (3)',
    expects: (exchange) => {
      const { answer, recorded } = exchange;
      const image = completeImage(exchange);
      if (image === undefined) {
        expect(answer.status).toBe(404);
        return;
      }
      expect(answer.status).toBe(200);
      expect(bodyText(answer)).toBe(image.json.toString('latin1'));
      expect(bodyText(answer)).toBe(bodyText(recorded));
      expect(valuesOf(answer.headers, 'X-Docker-Size')).toEqual([String(image.layer.length)]);
      // No engine reads it (protocol 4.2), but it tells whether the server hashed what the engine hashed.
      expect(valuesOf(answer.headers, 'X-Docker-Checksum-Payload')).toEqual([image.payload]);
    },
  }),
  row('PUT', '/v1/images/([0-9a-f]{64})/json', {
    needs: 'exactly 200 (3)',
    expects: expectTaken,
    learns: ({ request, state, params }) => {
      state.images.set(params[0], { json: request.body, layer: Buffer.alloc(0), payload: undefined });
    },
  }),
  row('PUT', '/v1/images/([0-9a-f]{64})/layer', {
    needs: 'exactly 200, for a chunked body without a length (3, 4)',
    expects: (exchange) => {
      expect(valuesOf(exchange.request.headers, 'Transfer-Encoding')).toEqual(['chunked']);
      expectTaken(exchange);
    },
    learns: ({ request, state, params }) => {
      const image = state.images.get(params[0]);
      if (image === undefined) throw new Error('a layer before its json');
      image.layer = request.body;
    },
  }),
  row('PUT', '/v1/images/([0-9a-f]{64})/checksum', {
    needs: 'exactly 200 for sums that fit what was sent: over json, newline and gzip bytes from 0.10 on (3, 4)',
    expects: expectTaken,
    learns: ({ request, state, params }) => {
      const image = state.images.get(params[0]);
      if (image === undefined) throw new Error('a checksum before its json');
      image.payload = valuesOf(request.headers, 'X-Docker-Checksum-Payload')[0];
    },
  }),
  row('HEAD', '/v1/images/([0-9a-f]{64})/layer', {
    needs: 'Accept-Ranges, where 1.0 looks for it (3)',
    expects: expectLayerHead,
  }),
  row('GET', '/v1/images/([0-9a-f]{64})/layer', {
    needs: 'exactly 200 and the bytes that were pushed, never encoded (3)',
    expects: (exchange) => {
      expectLayerHead(exchange);
      expect(sha256(exchange.answer.body)).toBe(sha256(expectedImage(exchange).layer));
      expect(sha256(exchange.answer.body)).toBe(sha256(exchange.recorded.body));
    },
  }),
  row('GET', '/v1/images/([0-9a-f]{64})/ancestry', {
    needs: 'the image itself first, its base last; reversed breaks 1.3 to 1.9 (3)',
    expects: ({ answer, state, params, recorded }) => {
      expect(answer.status).toBe(200);
      expect(readJson(answer.body)).toEqual(ancestryOf(state, params[0]));
      expect(readJson(answer.body)).toEqual(readJson(recorded.body));
    },
  }),
  row('PUT', '/v1/repositories/(.+)/tags/([^/]+)', {
    needs: '200 or 201; 204 fails "Internal server error: 204 trying to push tag" (3)',
    expects: ({ answer }) => expect([200, 201]).toContain(answer.status),
    learns: ({ request, state, params }) => {
      openRepository(state, params[0]).tags.set(params[1], readJson(request.body) as string);
    },
  }),
  row('GET', '/v1/repositories/(.+)/tags', {
    needs: 'an object from tag to id; the list form of the Hub breaks every version (3)',
    expects: ({ answer, state, params, recorded }) => {
      expect(answer.status).toBe(200);
      const tags = state.repositories.get(fullNameOf(params[0]))?.tags ?? new Map<string, string>();
      expect(readJson(answer.body)).toEqual(Object.fromEntries(tags));
      expect(readJson(answer.body)).toEqual(readJson(recorded.body));
    },
  }),
  row('GET', '/v1/repositories/(.+)/tags/([^/]+)', {
    needs: 'a bare JSON string from 1.9 on; 404: "Tag T not found in repository R" (1, 5)',
    expects: ({ answer, state, params }) => {
      const imageId = state.repositories.get(fullNameOf(params[0]))?.tags.get(params[1]);
      expect(answer.status).toBe(imageId === undefined ? 404 : 200);
      if (imageId !== undefined) expect(bodyText(answer)).toBe(`"${imageId}"`);
    },
  }),
];
