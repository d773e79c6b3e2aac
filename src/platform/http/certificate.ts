import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../log/logger';

/** Where a certificate with its chain, and its key, are: files in PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** What `node:https` needs of a certificate. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Often enough for a certificate that is renewed a month before its end; polling also sees links that are swapped. */
const LOOK_AGAIN_MS = 10_000;

/**
 * Reads a certificate and its key.
 *
 * @throws Error with one sentence when a file cannot be read, or the two do not go together
 */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([readPart(files.cert), readPart(files.key)]);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${files.cert} and ${files.key} are not a certificate and its key: ${reason}`, { cause: error });
  }
  return { cert, key };
}

async function readPart(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`cannot read ${file}`, { cause: error });
  }
}

/**
 * Looks at the files again and again, and hands over what is new and good. A bad one is told in the log, and the old one
 * stays.
 *
 * @returns what ends it
 */
export function watchCertificate(
  files: CertificateFiles,
  current: Certificate,
  log: Logger,
  use: (certificate: Certificate) => void,
  everyMs = LOOK_AGAIN_MS,
): () => void {
  let last = current;
  let lastFailure = '';
  const look = async (): Promise<void> => {
    try {
      const found = await readCertificate(files);
      lastFailure = '';
      if (found.cert.equals(last.cert) && found.key.equals(last.key)) return;
      last = found;
      use(found);
      log.info({ cert: files.cert }, 'the certificate was renewed');
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      if (failure !== lastFailure) log.error({ reason: failure }, 'the new certificate is not used');
      lastFailure = failure;
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
