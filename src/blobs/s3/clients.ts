import type * as Sdk from '@aws-sdk/client-s3';
import { translateOutage } from './errors';
import type { BucketOptions } from './location';

const CONNECT_MS = 5000;
/** Without a byte in either direction. */
const SILENT_MS = 30_000;
const ATTEMPTS = 4;

/** What differs between the clients of a bucket. */
export interface ClientUse {
  /** how many connections it may have */
  readonly maxSockets: number;
  /** learns of each request that failed because the store does not answer, or refuses this server */
  readonly onOutage: () => void;
}

/** Creates a client, whose requests fail as `translateOutage` says. */
export function createClient(sdk: typeof Sdk, options: BucketOptions, use: ClientUse): Sdk.S3Client {
  const { endpoint, region, credentials, isPathStyle, silentMs = SILENT_MS } = options;
  const agent = { keepAlive: true, maxSockets: use.maxSockets };
  const timeouts = { connectionTimeout: Math.min(CONNECT_MS, silentMs), socketTimeout: silentMs };
  const client = new sdk.S3Client({
    region,
    forcePathStyle: isPathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: ATTEMPTS,
    // Other stores than that of AWS refuse the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { ...timeouts, httpAgent: agent, httpsAgent: agent },
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        const translated = translateOutage(error);
        if (translated !== error) use.onOutage();
        throw translated;
      }
    },
    { step: 'initialize', priority: 'high', name: 'translateOutage' },
  );
  return client;
}
