import { z } from 'zod';
import type { Db } from '../../platform/db/db';
import { fieldError } from '../../platform/errors';
import { seal, unseal } from '../../platform/sealing';
import { currentTokenKey } from '../accounts/token-key';
import * as store from './build-inputs.store';

/*
 * Arguments and secrets of builds. Arguments are values of ARG, which end up in the history of images. A secret is a file
 * for RUN --mount=type=secret: it is sealed in the database, never shown, and hidden in logs.
 */

/** How many there may be, and how long. A shorter secret could not be hidden in a log. */
export const INPUT_LIMITS = {
  count: 50,
  nameCharacters: 100,
  argumentCharacters: 4096,
  secretCharacters: { from: 8, to: 16_384 },
} as const;

/** Values by name. */
export type Values = Readonly<Record<string, string>>;

const ARGUMENT_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SECRET_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** @throws AppError `invalid` */
function assertEntries(
  field: string,
  values: Readonly<Record<string, unknown>>,
  isGood: (name: string, value: unknown) => boolean,
): void {
  const entries = Object.entries(values);
  if (entries.length > INPUT_LIMITS.count)
    throw fieldError('invalid', field, `A source can have at most ${INPUT_LIMITS.count} of them`);
  const wrong = entries.find(([name, value]) => name.length > INPUT_LIMITS.nameCharacters || !isGood(name, value));
  if (wrong !== undefined)
    throw fieldError('invalid', field, `${wrong[0].slice(0, 100)} has a name or a value that cannot be used`);
}

/** @throws AppError `invalid` for a name that no ARG has, or a value that is not one line of text */
export function assertArguments(values: Values): void {
  assertEntries('build_arguments', values, (name, value) => {
    const text = String(value);
    return ARGUMENT_NAME.test(name) && text.length <= INPUT_LIMITS.argumentCharacters && !/\p{Cc}/u.test(text);
  });
}

const sealedFor = (sourceId: number) => ({ purpose: 'build secrets', owner: String(sourceId) });
const kept = z.record(z.string(), z.string());

/** Encrypts the secrets of a source for the database. */
export function sealSecrets(tokenKey: Buffer, sourceId: number, secrets: Values): Buffer {
  return seal(tokenKey, sealedFor(sourceId), JSON.stringify(secrets));
}

/** @throws Error when they were sealed with another key */
export function unsealSecrets(tokenKey: Buffer, sourceId: number, sealed: Buffer | null): Values {
  return sealed === null ? {} : kept.parse(JSON.parse(unseal(tokenKey, sealedFor(sourceId), sealed)));
}

/**
 * Changes secrets of a source that the caller has locked.
 *
 * @param changes - null removes a secret; others stay as they are
 * @throws AppError `invalid`
 */
export async function saveSecrets(
  tx: Db,
  sourceId: number,
  changes: Readonly<Record<string, string | null>>,
): Promise<void> {
  const { from, to } = INPUT_LIMITS.secretCharacters;
  assertEntries('secrets', changes, (name, value) => {
    const isText = typeof value === 'string' && value.length >= from && value.length <= to && !value.includes('\0');
    return SECRET_NAME.test(name) && (value === null || isText);
  });
  const key = await currentTokenKey(tx);
  const secrets = new Map(Object.entries(unsealSecrets(key, sourceId, await store.findSealed(tx, sourceId))));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) secrets.delete(name);
    else secrets.set(name, value);
  }
  const all = Object.fromEntries(secrets);
  assertEntries('secrets', all, () => true);
  const names = [...secrets.keys()].sort();
  await store.setSecrets(tx, sourceId, names, names.length === 0 ? undefined : sealSecrets(key, sourceId, all));
}

/** Replaces the arguments of a source. @throws AppError `invalid` */
export async function saveArguments(tx: Db, sourceId: number, values: Values): Promise<void> {
  assertArguments(values);
  await store.setArguments(tx, sourceId, values);
}

/**
 * Seals the secrets of all sources with another key, in the transaction that replaces the key.
 *
 * @throws Error when they cannot be opened with the old key
 */
export async function resealSecrets(tx: Db, from: Buffer, to: Buffer): Promise<void> {
  for (const { id, sealed_secrets: sealed } of await store.lockAllSealed(tx))
    await store.replaceSealed(tx, id, sealSecrets(to, id, unsealSecrets(from, id, sealed)));
}
