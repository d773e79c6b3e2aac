/* The rules of single values of the environment. */

import { isIP } from 'node:net';
import { z } from 'zod';
import { parseStorageLocation } from './blobs/storage-location';
import { addressRule } from './platform/http/address-rules';
import { readByteSize } from './platform/bytes/byte-size';
import { trustProxies } from './platform/http/client-address';
import { isOrigin } from './platform/http/cors';

/** Digits only: a space or `0x50` is a typo, not a number. */
export function wholeNumber(min: number, max: number) {
  const digits = z.string().regex(/^\d+$/, 'must be a whole number');
  return digits.transform(Number).pipe(z.number().min(min).max(max));
}

/** Bytes, or `500m`, `10g`. */
export const byteCount = z.string().transform((text, issues) => {
  const bytes = readByteSize(text);
  if (bytes !== undefined) return bytes;
  issues.addIssue({ code: 'custom', message: 'must be a number of bytes, optionally followed by k, m, g or t' });
  return z.NEVER;
});

const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/** `0.0.0.0`, `::`, `[::1]`, `hub.internal`; the brackets are removed. */
export const listenAddress = z
  .string()
  .transform((text) => text.replace(/^\[(.*)\]$/, '$1'))
  .refine(
    (text) => isIP(text) !== 0 || HOST_NAME.test(text),
    'must be an address or name to listen on, such as 0.0.0.0, ::1 or localhost; set the port with PORT',
  );

/** A site that has a host of its own: engines and links do not support a path before theirs. */
export const siteUrl = z
  .url({ protocol: /^https?$/, message: 'must be http:// or https:// followed by a host' })
  .refine((text) => {
    if (!URL.canParse(text)) return true;
    const { pathname, search, hash, username } = new URL(text);
    return pathname === '/' && search === '' && hash === '' && username === '';
  }, 'must be a scheme and a host, such as https://hub.example.com, without a path or anything after it');

const hostAndPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$/, 'must be host or host:port, without a scheme');

export const hostList = z
  .string()
  .transform((value) => value.split(',').map((entry) => entry.trim()))
  .pipe(z.array(hostAndPort).min(1));

/** As OpenID Connect Discovery 1.0 (section 3) has it; https is required of providers, but a lab may have none. */
export const issuerUrl = z
  .url({ protocol: /^https?$/, message: 'must be the https:// URL that the provider calls its issuer' })
  .refine((text) => {
    if (!URL.canParse(text)) return true;
    const { search, hash, username } = new URL(text);
    return search === '' && hash === '' && username === '';
  }, 'must be the issuer alone, such as https://login.example.com/realms/main, without a query or anything after it');

/** Separated by commas, as all lists here, or by spaces, as OAuth has it. */
export const scopeList = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter((scope) => scope !== ''))
  .refine((scopes) => scopes.includes('openid'), 'must be scopes separated by commas, and openid one of them')
  .transform((scopes) => scopes.join(' '));

/** Turns a function that throws into a zod rule. */
export function obeys<T>(rule: (value: T) => void): (value: T, issues: z.RefinementCtx) => void {
  return (value, issues) => {
    try {
      rule(value);
    } catch (error) {
      issues.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    }
  };
}

export const proxyList = z
  .string()
  .transform((value) => value.split(',').map((entry) => entry.trim()))
  .superRefine(obeys(trustProxies));

/** The value must be on one line, because a line break would start a new header. */
export const MAIL_FROM = /^(?:[^\s<>@,;]+@[^\s<>@,;]+|[^\r\n<>@,;]+ <[^\s<>@,;]+@[^\s<>@,;]+>)$/;
export const allowList = z
  .string()
  .transform((value) => value.split(',').map((entry) => entry.trim()))
  .superRefine(obeys(addressRule));

export const originList = z
  .string()
  .transform((value) => value.split(',').map((entry) => entry.trim()))
  .pipe(z.array(z.string().refine(isOrigin, 'must be origins without a path, such as https://ui.example.com')));

/** `17.06`: two numbers, not a text to compare. Engines before 1.10 cannot use v2 as it is served here. */
export const v2Engines = z.string().transform((text, issues) => {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})$/.exec(text) ?? [];
  const version = { major: Number(major), minor: Number(minor) };
  if (text === 'off') return 'off' as const;
  if (version.major > 1 || (version.major === 1 && version.minor >= 10)) return version;
  issues.addIssue({ code: 'custom', message: 'must be a version of docker from 1.10 on, such as 17.06, or off' });
  return z.NEVER;
});

/** Where blobs are. */
export const storagePlace = z.string().transform((text, issues) => {
  const location = parseStorageLocation(text);
  if (location !== undefined) return location;
  issues.addIssue({
    code: 'custom',
    message: 'must be s3://bucket or s3://bucket/prefix, file: for the data directory, or file:/directory',
  });
  return z.NEVER;
});

export const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');
