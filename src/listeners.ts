import type { RequestListener } from 'node:http';
import { createApp, createLegacyListener } from './app';
import { listeningUrl, type Config } from './config';
import type { Context } from './context';
import {
  readCertificate,
  watchCertificate,
  type Certificate,
  type CertificateFiles,
} from './platform/http/certificate';
import { createHttpServer, drain, listen, type HttpServer, type TlsOptions } from './platform/http/server';
import type { Logger } from './platform/log/logger';
import { Metrics } from './platform/metrics/metrics';
import { UncleanStop } from './platform/process/termination';

/** Docker up to 0.7 speaks only TLS 1.0, with ciphers that OpenSSL allows only at the lowest security level. */
const LEGACY_TLS = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;

function certificateFiles(config: Config): CertificateFiles | undefined {
  const { DRYDOCK_TLS_CERT: cert, DRYDOCK_TLS_KEY: key } = config;
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

interface Listener {
  readonly server: HttpServer;
  readonly port: number;
  readonly renew: (certificate: Certificate) => void;
}

/**
 * Starts to answer requests; `stop` drains all listeners, and throws UncleanStop if it had to cut off a request.
 *
 * @param certificateEveryMs - how often to check for a new certificate; undefined: as usual
 */
export async function startListeners(
  ctx: Context,
  config: Config,
  log: Logger,
  certificateEveryMs?: number,
): Promise<{ url: string; stop(hurry: AbortSignal): Promise<void> }> {
  let draining = false;
  const parts = { log, metrics: new Metrics(), isDraining: () => draining, trustsProxy: ctx.settings.trustsProxy };
  const app = createApp({ ctx, ...parts });
  const files = certificateFiles(config);
  const certificate = files === undefined ? undefined : await readCertificate(files);
  const listeners: Listener[] = [];
  const open = async (handler: RequestListener, port: number, tls: TlsOptions | undefined): Promise<Listener> => {
    const server = createHttpServer(handler, parts, tls);
    const renew = (renewed: Certificate): void => {
      if ('setSecureContext' in server) server.setSecureContext({ ...tls, ...renewed });
    };
    const opened = { server, port: (await listen(server, port, config.HOST)).port, renew };
    listeners.push(opened);
    return opened;
  };
  const drainAll = async (hurry: AbortSignal): Promise<void> => {
    const seconds = config.DRYDOCK_DRAIN_SECONDS;
    const cut = (await Promise.all(listeners.map(({ server }) => drain(server, seconds * 1000, hurry)))).flat();
    if (cut.length === 0) return;
    const why = hurry.aborted ? 'Ctrl-C was pressed again' : `the drain period of ${seconds} seconds is over`;
    log.error({ requests: cut }, `cut off requests in progress: ${why}`);
    throw new UncleanStop('requests were cut off');
  };
  try {
    const main = await open(app, config.PORT, certificate);
    if (config.DRYDOCK_LEGACY_TLS_PORT !== undefined && certificate !== undefined) {
      const legacy = await open(createLegacyListener(app), config.DRYDOCK_LEGACY_TLS_PORT, {
        ...certificate,
        ...LEGACY_TLS,
      });
      log.warn(
        { port: legacy.port },
        'the legacy port accepts TLS 1.0 with old ciphers: expose it only to the network of the engines that need it',
      );
    }
    const useNew = (renewed: Certificate): void => listeners.forEach(({ renew }) => renew(renewed));
    const unwatch =
      files === undefined || certificate === undefined
        ? undefined
        : watchCertificate(files, certificate, log, useNew, certificateEveryMs);
    return {
      url: listeningUrl(config, main.port),
      stop: async (hurry) => {
        draining = true;
        ctx.liveStreams.close();
        unwatch?.();
        await drainAll(hurry);
      },
    };
  } catch (error) {
    await drainAll(AbortSignal.abort()).catch(() => undefined);
    throw error;
  }
}
