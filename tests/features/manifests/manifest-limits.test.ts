import { readManifest } from '../../../src/features/manifests/manifest-document';
import { OCI_INDEX, OCI_MANIFEST } from '../../helpers/v2-client';

/* Manifests of four megabytes at most that would cost seconds of work, were each of their entries checked. */

const DIGEST = `sha256:${'0'.repeat(64)}`;
const CONFIG = `"config":{"digest":"${DIGEST}","size":1}`;

const times = (count: number, entry: string): string => Array<string>(count).fill(entry).join(',');

const read = (rest: string, type = OCI_MANIFEST): unknown =>
  readManifest(Buffer.from(`{"schemaVersion":2,${rest}}`), type);

const TOO_LONG = 'A manifest can list at most 10000 layers or manifests';
const TOO_MANY = 'A manifest can have at most 200000 fields and entries';

it.each([
  ['empty layers', `${CONFIG},"layers":[${times(1_300_000, '{}')}]`, OCI_MANIFEST, TOO_LONG],
  ['layers that are numbers', `${CONFIG},"layers":[${times(1_900_000, '1')}]`, OCI_MANIFEST, TOO_LONG],
  ['manifests', `"manifests":[${times(10_001, `{"digest":"${DIGEST}"}`)}]`, OCI_INDEX, TOO_LONG],
  ['urls', `${CONFIG},"layers":[{"digest":"${DIGEST}","urls":[${times(200_000, '1')}]}]`, OCI_MANIFEST, TOO_MANY],
  ['nested lists', `${CONFIG},"x":${'['.repeat(400_000)}${']'.repeat(400_000)}`, OCI_MANIFEST, TOO_MANY],
])('refuses a manifest with very many %s before it checks each (R261)', (_what, rest, type, message) => {
  expect(() => read(rest, type)).toThrow(message);
});

it('reads ten thousand layers, and long texts', () => {
  const layer = `{"digest":"${DIGEST}","size":1,"mediaType":"x/y"}`;
  expect(read(`${CONFIG},"layers":[${times(10_000, layer)}]`)).toMatchObject({ mediaType: OCI_MANIFEST });
  const note = 'x'.repeat(3_900_000);
  expect(read(`${CONFIG},"layers":[],"annotations":{"note":"${note}"}`)).toMatchObject({ annotations: { note } });
});
