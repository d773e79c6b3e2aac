import type { RequestListener } from 'node:http';
import { createApp, legacyDoor } from './app';
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

interface Door {
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
  const { trustsProxy } = ctx.settings;
  const parts = { log, metrics: new Metrics(), isDraining: () => draining, trustsProxy };
  const app = createApp({ ctx, ...parts });
  const files = certificateFiles(config);
  const certificate = files === undefined ? undefined : await readCertificate(files);
  const doors: Door[] = [];
  const open = async (listener: RequestListener, port: number, tls: TlsOptions | undefined): Promise<Door> => {
    const server = createHttpServer(listener, parts, tls);
    const renew = (renewed: Certificate): void => {
      if ('setSecureContext' in server) server.setSecureContext({ ...tls, ...renewed });
    };
    const door = { server, port: (await listen(server, port, config.HOST)).port, renew };
    doors.push(door);
    return door;
  };
  const drainAll = async (hurry: AbortSignal): Promise<void> => {
    const seconds = config.DRYDOCK_DRAIN_SECONDS;
    const cut = (await Promise.all(doors.map(({ server }) => drain(server, seconds * 1000, hurry)))).flat();
    if (cut.length === 0) return;
    const why = hurry.aborted ? 'Ctrl-C was pressed again' : `the ${seconds} seconds of the drain are over`;
    log.error({ requests: cut }, `cut off what was in flight: ${why}`);
    throw new UncleanStop('requests were cut off');
  };
  try {
    const main = await open(app, config.PORT, certificate);
    if (config.DRYDOCK_LEGACY_TLS_PORT !== undefined && certificate !== undefined) {
      const legacy = await open(legacyDoor(app), config.DRYDOCK_LEGACY_TLS_PORT, { ...certificate, ...LEGACY_TLS });
      log.warn(
        { port: legacy.port },
        'the legacy door speaks TLS 1.0 with old ciphers: open it only to the network of the engines that need it',
      );
    }
    const useNew = (renewed: Certificate): void => doors.forEach(({ renew }) => renew(renewed));
    const unwatch =
      files === undefined || certificate === undefined
        ? undefined
        : watchCertificate(files, certificate, log, useNew, certificateEveryMs);
    return {
      url: listeningUrl(config, main.port),
      stop: async (hurry) => {
        draining = true;
        unwatch?.();
        await drainAll(hurry);
      },
    };
  } catch (error) {
    await drainAll(AbortSignal.abort()).catch(() => undefined);
    throw error;
  }
}
