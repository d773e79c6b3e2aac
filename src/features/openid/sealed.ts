import { isOver } from '../../platform/clocks';
import { seal, unseal } from '../../platform/sealing';

/*
 * What a browser keeps for us during a sign-in: encrypted, for one purpose, and only for some minutes. So a visitor who
 * begins a thousand sign-ins leaves nothing in the database.
 */

const LONGEST_CHARACTERS = 400_000;

/** Encrypts a value for a browser. @param seconds - how long it is good */
export function sealFor(key: Buffer, purpose: string, value: object, seconds: number): string {
  const expires = Math.floor(Date.now() / 1000) + seconds;
  return seal(key, { purpose, owner: '' }, JSON.stringify({ value, expires })).toString('base64url');
}

/** The value that `sealFor` encrypted; undefined when it is not one for this purpose, or too old. */
export function openSealed(key: Buffer, purpose: string, text: string | undefined): unknown {
  if (text === undefined || text === '' || text.length > LONGEST_CHARACTERS) return undefined;
  try {
    const { value, expires } = JSON.parse(unseal(key, { purpose, owner: '' }, Buffer.from(text, 'base64url'))) as {
      value: unknown;
      expires: number;
    };
    return isOver(expires) ? undefined : value;
  } catch {
    return undefined;
  }
}
