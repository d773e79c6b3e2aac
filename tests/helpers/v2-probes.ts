import express from 'express';
import { createHttpServer, listen } from '../../src/platform/http/server';
import { json } from '../../src/platform/http/exchange';
import { mountSurfaces } from '../../src/platform/http/surface';
import { Metrics } from '../../src/platform/metrics/metrics';
import type { V2Handler } from '../../src/surfaces/v2/access';
import {
  mayPull,
  repositoryOf,
  requireDeletable,
  requirePushable,
  requireReadable,
  requireWritable,
} from '../../src/surfaces/v2/requests';
import { v2Routes, type Row } from '../../src/surfaces/v2/routes';
import { v2Surface } from '../../src/surfaces/v2/surface';
import type { TestServer } from './test-server';

/*
 * Rows of the v2 API that only ask for their repository, by each of the functions that handlers have, and name it. Their
 * methods and paths are those of real rows that ask the same.
 */

type Requiring = (...args: Parameters<V2Handler>) => Promise<{ readonly namespace: string; readonly name: string }>;

function probe(method: Row['method'], path: string, require: Requiring): Row {
  const handle: V2Handler = async (ctx, exchange) => {
    const { namespace, name } = await require(ctx, exchange);
    return json(200, { repository: `${namespace}/${name}` });
  };
  return { method, path, handle };
}

const mount: V2Handler = async (ctx, exchange) => {
  const name = repositoryOf({ repository: exchange.query.get('from') ?? '', namespace: 'alice' });
  return json(200, { mayPull: (await mayPull(ctx, exchange, name)) !== undefined });
};

const PROBES: readonly Row[] = [
  probe('get', '/manifests/:reference', requireReadable),
  probe('get', '/blobs/:digest', requireReadable),
  probe('post', '/blobs/uploads', requirePushable),
  probe('patch', '/blobs/uploads/:uuid', requireWritable),
  probe('delete', '/blobs/uploads/:uuid', requireWritable),
  probe('put', '/manifests/:reference', requirePushable),
  probe('delete', '/manifests/:reference', requireDeletable),
  { method: 'put', path: '/mounts', handle: mount },
];

/** Starts a listener for the probes next to a server, on its context. */
export async function startProbes({ ctx }: TestServer): Promise<Pick<TestServer, 'server' | 'host' | 'close'>> {
  const app = express();
  mountSurfaces(app, [v2Surface(ctx, v2Routes(ctx, PROBES))]);
  const { trustsProxy } = ctx.settings;
  const parts = { log: ctx.log, metrics: new Metrics(), isDraining: () => false, trustsProxy };
  const server = createHttpServer(app, parts);
  const { port } = await listen(server, 0, '127.0.0.1');
  return {
    server,
    host: `127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
