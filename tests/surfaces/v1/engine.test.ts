import { readsOnlyStrings } from '../../../src/surfaces/v1/engine';

describe('readsOnlyStrings', () => {
  it.each([
    'docker/0.3.4',
    'docker/0.5.0 go/go1.1',
    'docker/0.6.0',
    'docker/0.6.4',
    'docker/0.6.5',
    'docker/0.6.5-dev',
    'x docker/0.6.1',
  ])('is true for %s', (userAgent) => {
    expect(readsOnlyStrings(userAgent)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'docker/0.6.6',
    'docker/0.6.50',
    'docker/0.7.0',
    'docker/0.10.0',
    'docker/1.5.0',
    'docker/10.5.1',
    'docker/1.0.5',
    'notdocker/0.5.1',
  ])('is false for %s', (userAgent) => {
    expect(readsOnlyStrings(userAgent)).toBe(false);
  });
});
