import path from 'node:path';
import { createImageFolder, type ImageFolder } from '../clients/images';
import type { Bench, Row } from './row';
import { compare, measureRounds, type Line } from '../measure/figures';
import { run } from '../measure/processes';
import type { Resources } from '../measure/resources';
import { startDockerRegistry } from '../servers/docker-registry';
import { BASIC, startDrydock, USER, type Drydock } from '../servers/drydock';

const LAYERS = 20;
const V1_CLIENT = path.join(__dirname, '../clients/v1-transfer.js');

/** Both clients are processes, and their start counts: that is how they are used. */
async function secondsOf(file: string, args: readonly string[]): Promise<number> {
  await run({ file: 'sync', args: [] });
  const startedAt = performance.now();
  await run({ file, args });
  return (performance.now() - startedAt) / 1000;
}

function v1(action: 'push' | 'pull', server: Drydock, repository: string, dir: string): Promise<number> {
  return secondsOf(process.execPath, [V1_CLIENT, action, server.url, repository, BASIC, dir]);
}

/** @param flags - of skopeo: the credentials */
function skopeo(source: string, destination: string, flags: readonly string[] = []): Promise<number> {
  const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
  return secondsOf('skopeo', ['--insecure-policy', 'copy', '-q', ...insecure, ...flags, source, destination]);
}

/** A client with its server. */
interface Pair {
  readonly name: string;
  /** @returns the seconds that it took */
  readonly push: (dir: string, repository: string) => Promise<number>;
  readonly pull: (dir: string, repository: string) => Promise<number>;
}

function v1Pair(name: string, server: Drydock): Pair {
  return {
    name,
    push: (dir, repository) => v1('push', server, repository, dir),
    pull: (dir, repository) => v1('pull', server, repository, dir),
  };
}

/** @param credentials - `name:password`; undefined: none */
export function skopeoPair(name: string, url: string, credentials?: string): Pair {
  const remote = (repository: string): string => `docker://${new URL(url).host}/${repository}:latest`;
  const flags = (side: string): string[] => (credentials === undefined ? [] : [`--${side}-creds`, credentials]);
  return {
    name,
    push: (dir, repository) => skopeo(`dir:${dir}`, remote(repository), flags('dest')),
    pull: (dir, repository) => skopeo(remote(repository), `dir:${dir}`, flags('src')),
  };
}

/** A rate for each: higher is better. A fresh image each time, pushed and then pulled. */
async function takeRates(
  { rounds, progress }: Bench,
  resources: Resources,
  image: () => Promise<ImageFolder>,
  pairs: readonly Pair[],
): Promise<Map<string, number[]>> {
  const pulls = new Map<string, number[]>(pairs.map(({ name }) => [`${name} pull`, []]));
  let number = 0;
  const contenders = pairs.map(({ name, push, pull }) => ({
    name: `${name} push`,
    measure: async (): Promise<number> => {
      const { dir, totalBytes } = await image();
      const repository = `bench/image-${(number += 1)}`;
      const pushed = await push(dir, repository);
      const pulled = await pull(await resources.createDir('pulled'), repository);
      pulls.get(`${name} pull`)?.push(totalBytes / 1e6 / pulled);
      return totalBytes / 1e6 / pushed;
    },
  }));
  const pushes = await measureRounds(contenders, rounds, progress, true);
  return new Map([...pushes, ...[...pulls].map(([name, rates]) => [name, rates.slice(-rounds)] as const)]);
}

/** A whole image by an unmodified client, to each server its own. */
async function transferLines(
  bench: Bench,
  resources: Resources,
  suffix: string,
  pairOf: (server: Drydock) => Pair,
): Promise<Line[]> {
  const server = await startDrydock(resources, bench.environment);
  const registry = await startDockerRegistry(resources);
  const mebibytes = bench.isQuick ? 1 : 8;
  const options = { layers: LAYERS, layerBytes: mebibytes * 1024 * 1024 };
  const image = async (): Promise<ImageFolder> => createImageFolder(await resources.createDir('image'), options);
  const pair = pairOf(server);
  const figures = await takeRates(bench, resources, image, [pair, skopeoPair('peer', registry.url)]);
  return ['push', 'pull'].map((action) =>
    compare(figures, {
      what: `${action} of ${LAYERS} layers of ${mebibytes} MiB${suffix}`,
      goal: { atLeast: 1 },
      unit: 'MB/s',
      ours: `${pair.name} ${action}`,
      peer: `peer ${action}`,
      peerName: 'skopeo, docker-registry',
    }),
  );
}

/** The client of v1. */
export const imageTransfer: Row = {
  name: 'transfer',
  needs: ['docker-registry', 'skopeo'],
  measure: (bench, resources) => transferLines(bench, resources, '', (server) => v1Pair('v1', server)),
};

/** skopeo to both. */
export const v2Transfer: Row = {
  name: 'v2-transfer',
  needs: ['docker-registry', 'skopeo'],
  measure: (bench, resources) =>
    transferLines(bench, resources, ', skopeo', ({ url }) =>
      skopeoPair('Drydock', url, `${USER.name}:${USER.password}`),
    ),
};
