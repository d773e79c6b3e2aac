import { readFileSync } from 'node:fs';
import path from 'node:path';
import { digestOf } from '../../../src/platform/bytes/digest';
import { configOfChain, manifestOf } from '../../../src/features/bridge/image-config';

interface Vector {
  readonly repository: string;
  readonly tag: string;
  readonly chain_base_first: readonly {
    readonly json_base64: string;
    readonly layer: { readonly digest: string; readonly size: number; readonly diff_id: string };
  }[];
  readonly config: string;
  readonly config_digest: string;
  readonly manifest: string;
  readonly manifest_digest: string;
  readonly pushed_by_docker: string;
}

const GZIP = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

const vectors = JSON.parse(readFileSync(path.join(__dirname, 'v1-to-schema2.json'), 'utf8')) as Vector[];

describe.each(vectors)('the chain of $repository:$tag, pushed by docker $pushed_by_docker', (vector) => {
  const chain = vector.chain_base_first.map((link) => ({
    json: Buffer.from(link.json_base64, 'base64'),
    diffId: link.layer.diff_id,
  }));

  it('has the config that docker 17.05 computes', () => {
    const config = configOfChain(chain);
    expect(config.toString()).toBe(vector.config);
    expect(digestOf(config)).toBe(vector.config_digest);
  });

  it('has the manifest that docker writes', () => {
    const layers = vector.chain_base_first.map(({ layer: { digest, size } }) => ({ mediaType: GZIP, size, digest }));
    const manifest = manifestOf(configOfChain(chain), layers);
    expect(manifest.toString()).toBe(vector.manifest);
    expect(digestOf(manifest)).toBe(vector.manifest_digest);
  });
});
