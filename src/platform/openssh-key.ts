import { generateKeyPairSync, randomBytes } from 'node:crypto';

/* Key pairs for git over ssh, in the formats that OpenSSH reads: node:crypto writes none of them. */

const TYPE = 'ssh-ed25519';
const LINE = 70;
/** The unencrypted format pads to a multiple of this. */
const BLOCK = 8;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function string(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** The file of a private key without a passphrase (`PROTOCOL.key` of OpenSSH). */
function privateKeyFile(seed: Buffer, publicBytes: Buffer, comment: string): string {
  const publicBlob = Buffer.concat([string(TYPE), string(publicBytes)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    string(TYPE),
    string(publicBytes),
    string(Buffer.concat([seed, publicBytes])),
    string(comment),
  ]);
  const missing = (BLOCK - (secret.length % BLOCK)) % BLOCK;
  const padding = Buffer.from(Array.from({ length: missing }, (_, index) => index + 1));
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    uint32(1),
    string(publicBlob),
    string(Buffer.concat([secret, padding])),
  ]);
  const lines = file.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

/** A key pair as files of OpenSSH. */
export interface KeyPair {
  /** the line of `id_ed25519.pub` and of `authorized_keys`, without a line break */
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Creates an ed25519 key pair. @param comment - without spaces; people tell keys apart by it */
export function createKeyPair(comment: string): KeyPair {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const publicBytes = Buffer.from(x, 'base64url');
  const blob = Buffer.concat([string(TYPE), string(publicBytes)]);
  return {
    publicKey: `${TYPE} ${blob.toString('base64')} ${comment}`,
    privateKey: privateKeyFile(Buffer.from(d, 'base64url'), publicBytes, comment),
  };
}
