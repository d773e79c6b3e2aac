import { deriveChain } from '../../../src/features/bridge/derived-chain';
import { hex } from '../../helpers/crossing-images';
import { digestOf } from '../../helpers/v2-client';

const DIFF_IDS = ['base', 'top'].map((text) => digestOf(text));
const ROOTFS = `"rootfs":${JSON.stringify({ type: 'layers', diff_ids: DIFF_IDS })}`;

/** The json of the base and of the top of an image with these members in its config. */
function jsonOf(members: string): { base: string; top: string; id: string } {
  const config = `{${members},${ROOTFS}}`;
  const layers = DIFF_IDS.map((digest) => ({
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest,
    size: 1,
  }));
  const derived = deriveChain(Buffer.from(config), digestOf(config), layers);
  const [base = '', top = ''] = 'chain' in derived ? derived.chain.map(({ json }) => json.toString()) : [];
  return { base, top, id: hex(digestOf(config)) };
}

const PARENT = `"parent":"${hex(DIFF_IDS[0]!)}"`;

describe('the json of a derived image', () => {
  it('keeps the values of the config as they are written', () => {
    const members = '"config":{"Memory":9007199254740993,"Labels":{"10":"a","9":"\\u0062"}},"x":[1.0, -0]';
    const { top, id } = jsonOf(members);
    expect(top).toBe(`{"id":"${id}",${PARENT},${members}}`);
  });

  it('has its own id and parent, also if the config has them in other letters', () => {
    const { top, id } = jsonOf('"ID":"a","Parent":"b","os.ver\u017fion":"c"');
    expect(top).toBe(`{"id":"${id}",${PARENT}}`);
  });

  it.each([
    ['CREATED', '2026-01-02T03:04:05.600Z', ',"created":"2026-01-02T03:04:05.6Z"'],
    ['created', '2026-02-30T00:00:00Z', ''],
    ['created', '2026-01-02T24:00:00Z', ''],
    ['created', '', ''],
  ])('has the %s time "%s" only if engines can read it', (name, created, written) => {
    const { top, id } = jsonOf(`${JSON.stringify(name)}:${JSON.stringify(created)}`);
    expect(top).toBe(`{"id":"${id}",${PARENT}${written}}`);
    const { base } = jsonOf(`"history":[{"created":${JSON.stringify(created)}}]`);
    expect(base).toBe(`{"id":"${hex(DIFF_IDS[0]!)}"${written}}`);
  });

  it('has lists of words, which the first engines need', () => {
    const { top } = jsonOf('"config":{"cmd":"a","Entrypoint":["b"],"User":"c"},"Container_Config":{"Cmd":"d"}');
    expect(top).toContain('"config":{"cmd":["a"],"Entrypoint":["b"],"User":"c"},"Container_Config":{"Cmd":["d"]}');
  });

  it('may have any depth', () => {
    const deep = `"x":${'['.repeat(400_000)}${']'.repeat(400_000)}`;
    expect(jsonOf(deep).top).toContain(deep);
  });
});
