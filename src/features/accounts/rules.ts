import { z } from 'zod';
import { AppError } from '../../platform/errors';

/** Protocol 1.1: what a new username may look like; organizations obey the same rule. */
export const USERNAME = /^[a-z0-9_]{4,30}$/;

const PASSWORD_CHARACTERS = 5;
const PASSWORD_BYTES = 4096;
const EMAIL_CHARACTERS = 254;
const email = z.email({ pattern: z.regexes.html5Email }).max(EMAIL_CHARACTERS);

/** @throws AppError `invalid` in the Hub's words */
export function assertUsername(username: string): void {
  if (USERNAME.test(username)) return;
  throw new AppError('invalid', 'Wrong username format (it has to match "^[a-z0-9_]{4,30}$")');
}

// RFC 7617 lets Basic carry none, and its parsers refuse some of them.
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

/** @throws AppError `invalid` for fewer than 5 characters, more than 4096 bytes, or control characters */
export function assertPassword(password: string): void {
  if ([...password].length < PASSWORD_CHARACTERS) {
    throw new AppError('invalid', 'Wrong password format (it has to be at least 5 characters)');
  }
  if (Buffer.byteLength(password) > PASSWORD_BYTES) {
    throw new AppError('invalid', 'Wrong password format (it has to be at most 4096 bytes)');
  }
  if (CONTROL_CHARACTER.test(password)) {
    throw new AppError('invalid', 'Wrong password format (it must not have control characters)');
  }
}

/** @throws AppError `invalid` */
export function assertEmail(address: string): void {
  if (!email.safeParse(address).success) throw new AppError('invalid', 'Wrong email format');
}

/** Usernames and namespaces are compared and kept in lower case. */
export function normalizeUsername(username: string): string {
  return username.toLowerCase();
}

/** Whether somebody may have this name or address, so that looking for it makes sense. */
export function isMailable(nameOrAddress: string): boolean {
  return nameOrAddress !== '' && nameOrAddress.length <= EMAIL_CHARACTERS && !CONTROL_CHARACTER.test(nameOrAddress);
}
