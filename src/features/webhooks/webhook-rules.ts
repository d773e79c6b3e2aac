import { fieldError } from '../../platform/errors';

/** The limits for webhooks. */
export const WEBHOOK_LIMITS = {
  perRepository: 20,
  chainLength: 5,
  /** the oldest are deleted when there are more */
  deliveriesPerHook: 300,
  deliveryDays: 30,
} as const;

const NAME = /^\S(.{0,62}\S)?$/;
const SECRET = /^[\x21-\x7e]{16,255}$/;
const LONGEST_URL = 2000;

/** @throws AppError `invalid` */
export function assertHookName(name: string): void {
  if (!NAME.test(name)) throw fieldError('invalid', 'name', 'The name of a webhook must have 1 to 64 characters');
}

/**
 * Checks only the form: the address of a host is checked whenever a delivery is sent to it.
 *
 * @throws AppError `invalid`
 */
export function assertChain(urls: readonly string[]): void {
  if (urls.length < 1 || urls.length > WEBHOOK_LIMITS.chainLength) {
    throw fieldError('invalid', 'urls', `A webhook must have 1 to ${WEBHOOK_LIMITS.chainLength} URLs`);
  }
  urls.forEach(assertUrl);
}

function assertUrl(text: string): void {
  const url = text.length <= LONGEST_URL && URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw fieldError(
      'invalid',
      'urls',
      `The URL of a webhook must start with http:// or https:// and have at most ${LONGEST_URL} characters`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw fieldError(
      'invalid',
      'urls',
      'The URL of a webhook must not contain a username or password: check the signature instead',
    );
  }
}

/** @throws AppError `invalid` */
export function assertSecret(secret: string): void {
  if (!SECRET.test(secret)) {
    throw fieldError(
      'invalid',
      'secret',
      'The secret of a webhook must have 16 to 255 printable characters, without spaces',
    );
  }
}
