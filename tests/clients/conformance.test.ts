import { describeInstalled, isGoProgramInstalled } from '../helpers/installed';
import { passwordOf } from '../helpers/test-server';
import { createClientPlace, type ClientPlace } from './client-process';
import { startClientHub, type ClientHub } from './hub';

const MODULE = 'github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111';
const PROGRAM = process.env['OCI_CONFORMANCE'] ?? 'conformance';

function describeConformance(): void {
  let hub: ClientHub;
  let place: ClientPlace;

  beforeAll(async () => {
    [hub, place] = await Promise.all([startClientHub(), createClientPlace()]);
  });
  afterAll(() => Promise.all([hub.close(), place.close()]));

  it('passes every group of the conformance suite of OCI distribution 1.1, sha512 included', async () => {
    const settings = {
      OCI_REGISTRY: hub.host,
      OCI_TLS: 'disabled',
      OCI_REPO1: 'alice/one',
      OCI_REPO2: 'alice/two',
      OCI_USERNAME: 'alice',
      OCI_PASSWORD: passwordOf('alice'),
      OCI_VERSION: '1.1',
      OCI_RESULTS_DIR: place.dir,
      // These are off unless they are asked for. Not asked for: an index without its images, which is refused here, and the
      // tags of a push by digest, which are not in OCI 1.1.
      OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
      OCI_API_BLOBS_DIGEST_HEADER: 'true',
      OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
    };
    const variables = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    const { code, output } = await place.attempt('env', [...variables, PROGRAM]);
    const total = (result: string): string => new RegExp(`^ +${result}\\.+: +(\\d+)$`, 'm').exec(output)?.[1] ?? '?';
    const [tests, failed, errors] = ['Total', 'FAIL', 'Error'].map((name) => Number(total(name)));
    console.info(
      `OCI conformance: ${tests} tests, ${failed} failed, ${errors} errors, ${total('Skip')} skipped, ` +
        `${total('Disabled')} disabled`,
    );
    expect(output.split('\n').filter((line) => line.includes(': FAIL'))).toEqual([]);
    expect([code, failed, errors]).toEqual([0, 0, 0]);
    // How many there are depends on the scopes that the suite happens to have a token for when it mounts a blob.
    expect(tests).toBeGreaterThan(850);
  });
}

describeInstalled(isGoProgramInstalled(PROGRAM, MODULE), 'the registry API v2', describeConformance);
