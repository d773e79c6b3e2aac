import fc from 'fast-check';
import { parseEngine } from '../../../src/features/tags/engine';

describe('parseEngine', () => {
  it('reads what an engine says about itself', () => {
    const userAgent = 'docker/1.5.0 go/go1.4.1 git-commit/a8a31ef kernel/3.16.0-4-AMD64 os/Linux arch/AMD64';
    expect(parseEngine(userAgent)).toEqual({
      docker_version: '1.5.0',
      docker_go_version: 'go1.4.1',
      kernel: '3.16.0-4-amd64',
      os: 'linux',
      arch: 'amd64',
    });
  });

  it('reads the parts that are there', () => {
    expect(parseEngine('docker/0.6.4')).toEqual({ docker_version: '0.6.4' });
    expect(parseEngine('docker/17.05.0-ce go/go1.7.5 UpstreamClient(Docker-Client/17.05.0-ce \\(linux\\))')).toEqual({
      docker_version: '17.05.0-ce',
      docker_go_version: 'go1.7.5',
    });
    for (const userAgent of [undefined, '', 'curl/7.64.1', 'Mozilla/5.0 (X11)', 'xdocker/1.0', 'docker/']) {
      expect(parseEngine(userAgent)).toEqual({});
    }
  });

  it('knows the clients of today that are not docker, and no others', () => {
    const clients = {
      'containers/5.39.2 (github.com/containers/image)': 'containers/5.39.2',
      'Buildah/1.43.2': 'buildah/1.43.2',
      'skopeo/1.22.0': 'skopeo/1.22.0',
      'containerd/2.1.9': 'containerd/2.1.9',
      'buildkit/v0.0-dev': 'buildkit/0.0-dev',
      'crane/v0.20.7 go-containerregistry/v0.20.7': 'crane/0.20.7',
      'go-containerregistry/v0.20.7': 'go-containerregistry/0.20.7',
      'oras/1.3.3': 'oras/1.3.3',
    };
    for (const [userAgent, client] of Object.entries(clients)) expect(parseEngine(userAgent)).toEqual({ client });
    for (const userAgent of ['curl/8.5.0', 'xskopeo/1.0', 'skopeo/', 'skopeo/<b>', `skopeo/${'1'.repeat(40)}`]) {
      expect(parseEngine(userAgent)).toEqual({});
    }
    expect(parseEngine('docker/28.5.2 containerd/2.1.9')).toEqual({ docker_version: '28.5.2' });
  });

  it('uses the first of two values', () => {
    expect(parseEngine('docker/1.0.0 docker/2.0.0')).toEqual({ docker_version: '1.0.0' });
  });

  it('keeps only short strings, for any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (noise) => {
        for (const value of Object.values(parseEngine(`docker/${noise} os/${noise}`))) {
          expect(typeof value).toBe('string');
          expect((value as string).length).toBeLessThanOrEqual(128);
        }
      }),
    );
    expect(parseEngine(`docker/${'1'.repeat(500)}`).docker_version).toHaveLength(128);
  });
});
