import { imageFor } from '../../../src/features/manifests/platforms';
import type { Descriptor } from '../../../src/features/manifests/manifest-document';

const listed = (platforms: readonly string[]): Descriptor[] =>
  platforms.map((text) => {
    const [os, architecture, variant] = text.split('/');
    return { digest: text, platform: { os, architecture, variant } };
  });

describe('the image of an index for an architecture', () => {
  it.each([
    ['amd64', ['linux/arm64', 'linux/amd64', 'linux/amd64/v1'], 'linux/amd64'],
    ['amd64', ['windows/amd64', 'linux/amd64/v3', 'linux/amd64/v1'], 'linux/amd64/v1'],
    ['amd64', ['linux/amd64/v3', 'linux/amd64/v2'], 'linux/amd64/v3'],
    ['arm', ['linux/arm/v7', 'linux/arm/v6', 'linux/arm/v5'], 'linux/arm/v5'],
    ['arm', ['linux/arm/8', 'linux/arm', 'linux/arm/6'], 'linux/arm/6'],
    ['arm', ['linux/arm/v8', 'linux/arm', 'linux/arm/v7'], 'linux/arm'],
    ['arm64', ['linux/arm', 'linux/arm64/v9', 'linux/arm64/v8'], 'linux/arm64/v8'],
    ['386', ['linux/amd64', 'linux/386'], 'linux/386'],
    ['s390x', ['linux/amd64', 'unknown/unknown'], undefined],
  ])('for %s among %j is %s', (architecture, platforms, wanted) => {
    expect(imageFor(architecture, listed(platforms))?.digest).toBe(wanted);
  });

  it('is never an attestation', () => {
    const [attestation] = listed(['linux/amd64']);
    const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
    expect(imageFor('amd64', [{ ...attestation!, annotations }])).toBeUndefined();
  });
});
