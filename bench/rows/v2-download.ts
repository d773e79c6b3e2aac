import { createHash, randomBytes } from 'node:crypto';
import { bearerFor } from '../clients/v2-client';
import { putMonolithic } from '../clients/v2-upload';
import { BASIC, startDrydock } from '../servers/drydock';
import { againstSendfile, layerBytesOf } from './layer-download';
import type { Row } from './row';

const REPOSITORY = 'bench/large';

/** A large blob straight from Drydock. */
export const v2Download: Row = {
  name: 'v2-blob-get',
  needs: ['nginx'],
  measure: async (bench, resources) => {
    const server = await startDrydock(resources, bench.environment);
    const headers = await bearerFor(server.url, REPOSITORY, BASIC);
    const blob = randomBytes(layerBytesOf(bench));
    const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;
    const target = { url: server.url, repository: REPOSITORY, headers };
    await putMonolithic(target, blob, digest, async (transfer) => transfer().then(() => 0));
    const path = `/v2/${REPOSITORY}/blobs/${digest}`;
    return againstSendfile(bench, resources, { server, path, headers, label: 'blob' });
  },
};
