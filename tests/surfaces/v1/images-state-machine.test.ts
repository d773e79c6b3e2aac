import { createImage, startPush, type TestImage } from '../../helpers/images';
import { errorText, registryClient, reply, type RegistryClient } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

/*
 * The table of protocol 4.1: the answer to each request about an image in each state of its push.
 */

const OK: Reply = [200, 'true'];
const NOT_FOUND: Reply = [404, errorText('Image not found')];
const IN_PROGRESS: Reply = [400, errorText('Image is being uploaded, retry later')];
const EXISTS: Reply = [409, errorText('Image already exists')];
const CANNOT_SET: Reply = [409, errorText('Cannot set this image checksum')];
const MISMATCH: Reply = [400, errorText('Checksum mismatch')];

type Reply = [status: number, body: string];
type State = 'absent' | 'json only' | 'layer stored' | 'complete';
type Request = (push: RegistryClient, image: TestImage) => Promise<Reply>;

const REQUESTS = {
  'GET json': (push, image) => reply(push.get(image.id, 'json')),
  'GET layer': (push, image) => reply(push.get(image.id, 'layer')),
  'GET ancestry': (push, image) => reply(push.get(image.id, 'ancestry')),
  'PUT json': (push, image) => reply(push.putJson(image.id, image.json)),
  'PUT layer': (push, image) => reply(push.putLayer(image.id, image.layer)),
  'PUT checksum': (push, image) => reply(push.putPayload(image.id, image.payload)),
  'PUT wrong checksum': (push, image) => reply(push.putPayload(image.id, `sha256:${'0'.repeat(64)}`)),
} satisfies Record<string, Request>;

const LAYER = Buffer.from('the layer');

function table(image: TestImage): Record<State, Record<keyof typeof REQUESTS, Reply>> {
  return {
    absent: {
      'GET json': NOT_FOUND,
      'GET layer': NOT_FOUND,
      'GET ancestry': NOT_FOUND,
      'PUT json': OK,
      'PUT layer': NOT_FOUND,
      'PUT checksum': NOT_FOUND,
      'PUT wrong checksum': NOT_FOUND,
    },
    'json only': {
      'GET json': IN_PROGRESS,
      'GET layer': IN_PROGRESS,
      'GET ancestry': IN_PROGRESS,
      'PUT json': OK,
      'PUT layer': OK,
      'PUT checksum': MISMATCH,
      'PUT wrong checksum': MISMATCH,
    },
    'layer stored': {
      'GET json': IN_PROGRESS,
      'GET layer': IN_PROGRESS,
      'GET ancestry': IN_PROGRESS,
      'PUT json': OK,
      'PUT layer': OK,
      'PUT checksum': OK,
      'PUT wrong checksum': MISMATCH,
    },
    complete: {
      'GET json': [200, image.json.toString()],
      'GET layer': [200, image.layer.toString()],
      'GET ancestry': [200, JSON.stringify([image.id])],
      'PUT json': EXISTS,
      'PUT layer': EXISTS,
      'PUT checksum': OK, // repeated: the checksum is the stored one
      'PUT wrong checksum': CANNOT_SET,
    },
  };
}

async function bringTo(state: State, push: RegistryClient, image: TestImage): Promise<void> {
  const steps: (() => Promise<unknown>)[] = [
    () => push.putJson(image.id, image.json),
    () => push.putLayer(image.id, image.layer),
    () => push.putPayload(image.id, image.payload),
  ];
  const count = ['absent', 'json only', 'layer stored', 'complete'].indexOf(state);
  for (const step of steps.slice(0, count)) expect(await step()).toMatchObject({ status: 200 });
}

const STATES: State[] = ['absent', 'json only', 'layer stored', 'complete'];
const NAMES = Object.keys(REQUESTS) as (keyof typeof REQUESTS)[];
const CELLS = STATES.flatMap((state) => NAMES.map((name) => [state, name] as const));

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

describe.each(['a token', 'Basic'])('the states of a push with %s (protocol 4.1)', (kind) => {
  it.each(CELLS)('%s: %s', async (state, name) => {
    const image = createImage({ layer: LAYER });
    const token = await startPush(server, 'alice/app', [image]);
    const push = registryClient(server, kind === 'Basic' ? basic('alice') : token);
    await bringTo(state, push, image);
    expect(await REQUESTS[name](push, image)).toEqual(table(image)[state][name]);
  });

  it('goes on after a break at any point (E14)', async () => {
    for (const state of STATES.slice(0, 3)) {
      const image = createImage({ layer: LAYER });
      const broken = await startPush(server, 'alice/app', [image]);
      await bringTo(state, registryClient(server, kind === 'Basic' ? basic('alice') : broken), image);
      const again = await startPush(server, 'alice/app', [image]);
      const push = registryClient(server, kind === 'Basic' ? basic('alice') : again);
      expect((await push.get(image.id, 'json')).status).not.toBe(200);
      await bringTo('complete', push, image);
      expect((await push.get(image.id, 'layer')).bytes).toEqual(LAYER);
    }
  });
});

describe('an image that stays in progress after a wrong checksum (protocol 10.9 item 3)', () => {
  it('can be finished with the right one', async () => {
    const image = createImage();
    const push = registryClient(server, await startPush(server, 'alice/app', [image]));
    await bringTo('layer stored', push, image);
    expect(await REQUESTS['PUT wrong checksum'](push, image)).toEqual(MISMATCH);
    expect(await REQUESTS['GET json'](push, image)).toEqual(IN_PROGRESS);
    expect(await REQUESTS['PUT checksum'](push, image)).toEqual(OK);
  });
});
