import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Logger } from '../log/logger';

/** The PEM files of a certificate with its chain, and of its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** What `node:https` needs for a certificate. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * This is often enough for a certificate that is renewed a month before it expires. Polling also notices links that are
 * swapped.
 */
const LOOK_AGAIN_MS = 10_000;

/**
 * Reads a certificate and its key.
 *
 * @throws Error with one sentence when a file cannot be read, or when certificate and key do not match
 */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([readPart(files.cert), readPart(files.key)]);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${files.cert} and ${files.key} are no certificate with its key: ${reason}`, { cause: error });
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
 * Checks the files periodically and passes on a new, valid certificate. A bad one is logged, and the old one stays in
 * use.
 *
 * @returns a function that ends the checks
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
