import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { assertEmail, assertPassword, assertUsername } from './features/accounts/account-rules';
import { addressRule } from './platform/http/address-rules';
import { readByteSize } from './platform/bytes/byte-size';
import { assertDatabaseUrl } from './platform/db/database-url';
import { trustProxies } from './platform/http/client-address';
import { isOrigin } from './platform/http/cors';

/** Digits only: a space or `0x50` is a typo, not a number. */
function wholeNumber(min: number, max: number) {
  const digits = z.string().regex(/^\d+$/, 'must be a whole number');
  return digits.transform(Number).pipe(z.number().min(min).max(max));
}

/** Bytes, or `500m`, `10g`. */
const byteCount = z.string().transform((text, issues) => {
  const bytes = readByteSize(text);
  if (bytes !== undefined) return bytes;
  issues.addIssue({ code: 'custom', message: 'must be a number of bytes, optionally followed by k, m, g or t' });
  return z.NEVER;
});

const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/** `0.0.0.0`, `::`, `[::1]`, `hub.internal`; the brackets are removed. */
const listenAddress = z
  .string()
  .transform((text) => text.replace(/^\[(.*)\]$/, '$1'))
  .refine(
    (text) => isIP(text) !== 0 || HOST_NAME.test(text),
    'must be an address or name to listen on, such as 0.0.0.0, ::1 or localhost; set the port with PORT',
  );

/** A site that has a host of its own: engines and links do not support a path before theirs. */
const siteUrl = z
  .url({ protocol: /^https?$/, message: 'must be http:// or https:// followed by a host' })
  .refine((text) => {
    if (!URL.canParse(text)) return true;
    const { pathname, search, hash, username } = new URL(text);
    return pathname === '/' && search === '' && hash === '' && username === '';
  }, 'must be a scheme and a host, such as https://hub.example.com, without a path or anything after it');

const hostAndPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$/, 'must be host or host:port, without a scheme');

const hostList = z
  .string()
  .transform((value) => value.split(',').map((entry) => entry.trim()))
  .pipe(z.array(hostAndPort).min(1));

/** As OpenID Connect Discovery 1.0 (section 3) has it; https is required of providers, but a lab may have none. */
const issuerUrl = z
  .url({ protocol: /^https?$/, message: 'must be the https:// URL that the provider calls its issuer' })
  .refine((text) => {
    if (!URL.canParse(text)) return true;
    const { search, hash, username } = new URL(text);
    return search === '' && hash === '' && username === '';
  }, 'must be the issuer alone, such as https://login.example.com/realms/main, without a query or anything after it');

/** Separated by commas, as all lists here, or by spaces, as OAuth has it. */
const scopeList = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter((scope) => scope !== ''))
  .refine((scopes) => scopes.includes('openid'), 'must be scopes separated by commas, and openid one of them')
  .transform((scopes) => scopes.join(' '));

/** Turns a function that throws into a zod rule. */
function obeys<T>(rule: (value: T) => void): (value: T, issues: z.RefinementCtx) => void {
  return (value, issues) => {
    try {
      rule(value);
    } catch (error) {
      issues.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    }
  };
}

const proxyList = z
  .string()
  .transform((value) => value.split(',').map((entry) => entry.trim()))
  .superRefine(obeys(trustProxies));

/** The value must be on one line, because a line break would start a new header. */
const MAIL_FROM = /^(?:[^\s<>@,;]+@[^\s<>@,;]+|[^\r\n<>@,;]+ <[^\s<>@,;]+@[^\s<>@,;]+>)$/;
const allowList = z
  .string()
  .transform((value) => value.split(',').map((entry) => entry.trim()))
  .superRefine(obeys(addressRule));

const originList = z
  .string()
  .transform((value) => value.split(',').map((entry) => entry.trim()))
  .pipe(z.array(z.string().refine(isOrigin, 'must be origins without a path, such as https://ui.example.com')));

/** `17.06`: two numbers, not a text to compare. Engines before 1.10 cannot use v2 as it is served here. */
const v2Engines = z.string().transform((text, issues) => {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})$/.exec(text) ?? [];
  const version = { major: Number(major), minor: Number(minor) };
  if (text === 'off') return 'off' as const;
  if (version.major > 1 || (version.major === 1 && version.minor >= 10)) return version;
  issues.addIssue({ code: 'custom', message: 'must be a version of docker from 1.10 on, such as 17.06, or off' });
  return z.NEVER;
});

const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');

const environment = z.object({
  PORT: wholeNumber(0, 65_535).default(5000),
  HOST: listenAddress.default('127.0.0.1'),
  DATABASE_URL: z.string().superRefine(obeys(assertDatabaseUrl)).optional(),
  DRYDOCK_DATA_DIR: z.string().min(1).default('./data'),
  DRYDOCK_STORAGE_LIMIT: byteCount.pipe(z.number().min(1)).optional(),
  DRYDOCK_STORAGE_RESERVE: byteCount.default(256 * 2 ** 20),
  DRYDOCK_TLS_CERT: z.string().min(1).optional(),
  DRYDOCK_TLS_KEY: z.string().min(1).optional(),
  DRYDOCK_LEGACY_TLS_PORT: wholeNumber(0, 65_535).optional(),
  DRYDOCK_STANDALONE: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .default(false),
  DRYDOCK_INDEX_HOSTS: hostList.optional(),
  DRYDOCK_V2_ENGINES: v2Engines.prefault('17.06'),
  DRYDOCK_PUBLIC_URL: siteUrl.optional(),
  DRYDOCK_REGISTRY_ENDPOINTS: hostList.optional(),
  DRYDOCK_INDEX_URL: siteUrl.optional(),
  DRYDOCK_TRUSTED_PROXIES: proxyList.optional(),
  DRYDOCK_ACCEL_PREFIX: z
    .string()
    .regex(/^\/([A-Za-z0-9._~-]+\/)+$/, 'must be a path that starts and ends with a slash, such as /_drydock_layers/')
    .optional(),
  DRYDOCK_ADMIN_USERNAME: z.string().superRefine(obeys(assertUsername)).optional(),
  DRYDOCK_ADMIN_PASSWORD: z.string().superRefine(obeys(assertPassword)).optional(),
  DRYDOCK_ADMIN_EMAIL: z.string().superRefine(obeys(assertEmail)).optional(),
  DRYDOCK_REGISTRATION: z.enum(['open', 'closed']).default('open'),
  DRYDOCK_REGISTRATIONS_PER_HOUR: wholeNumber(1, 1_000_000).default(60),
  DRYDOCK_EMAIL_CONFIRMATION: z.enum(['off', 'required']).default('off'),
  DRYDOCK_OIDC_ISSUER: issuerUrl.optional(),
  DRYDOCK_OIDC_CLIENT_ID: z.string().min(1).max(255).optional(),
  DRYDOCK_OIDC_CLIENT_SECRET: z.string().min(1).max(4096).optional(),
  DRYDOCK_OIDC_NAME: z.string().trim().min(1).max(40).default('OpenID'),
  DRYDOCK_OIDC_SCOPES: scopeList.prefault('openid,profile,email'),
  DRYDOCK_OIDC_USERNAME_CLAIM: z.string().min(1).max(255).default('preferred_username'),
  DRYDOCK_OIDC_GROUPS_CLAIM: z.string().min(1).max(255).default('groups'),
  DRYDOCK_OIDC_ADMIN_GROUP: z.string().min(1).max(255).optional(),
  DRYDOCK_OIDC_CREATE_ACCOUNTS: onOff.optional(),
  DRYDOCK_SMTP_URL: z
    .url({
      protocol: /^smtps?$/,
      message: 'must be smtp://host:port or smtps://host:port, with user:password@ before the host if needed',
    })
    .optional(),
  DRYDOCK_MAIL_FROM: z.string().regex(MAIL_FROM, 'must be an email address or Name <address>').optional(),
  DRYDOCK_WEBHOOK_ALLOW: allowList.optional(),
  DRYDOCK_CORS_ORIGINS: originList.optional(),
  DRYDOCK_WORKERS: wholeNumber(1, 256).default(availableParallelism()),
  DRYDOCK_DRAIN_SECONDS: wholeNumber(0, 86_400).default(30),
  DRYDOCK_BCRYPT_COST: wholeNumber(4, 15).default(10),
  DRYDOCK_HUB_LIMITS: onOff.default(false),
  DRYDOCK_AUDIT_DAYS: wholeNumber(1, 36_500).default(365),
  DRYDOCK_KEEP_UNTAGGED: wholeNumber(1, 36_500).default(30),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/** The validated environment; see `.env.example` for the meaning of each value. */
export type Config = z.infer<typeof environment>;

/** The names of all variables that are read; `.env.example` explains them in this order. */
export const VARIABLES: readonly string[] = Object.keys(environment.shape);

/** The environment has values that cannot be used; the message lists all of them, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Groups of values that make sense only together: all or none must be set. */
const TOGETHER: readonly (readonly string[])[] = [
  ['DRYDOCK_ADMIN_USERNAME', 'DRYDOCK_ADMIN_PASSWORD'],
  ['DRYDOCK_TLS_CERT', 'DRYDOCK_TLS_KEY'],
  ['DRYDOCK_SMTP_URL', 'DRYDOCK_MAIL_FROM'],
  ['DRYDOCK_OIDC_ISSUER', 'DRYDOCK_OIDC_CLIENT_ID'],
];

/**
 * This is not part of the schema, which checks the whole only if every part is valid, and so would not report
 * everything at once.
 */
function incomplete(given: NodeJS.ProcessEnv): string[] {
  const lines = TOGETHER.flatMap((names) => {
    const missing = names.filter((name) => given[name] === undefined);
    if (missing.length === 0 || missing.length === names.length) return [];
    return missing.map((name) => `  ${name}: ${names.join(' and ')} must be set together`);
  });
  const isLegacyAlone = given['DRYDOCK_LEGACY_TLS_PORT'] !== undefined && given['DRYDOCK_TLS_CERT'] === undefined;
  if (isLegacyAlone) lines.push('  DRYDOCK_LEGACY_TLS_PORT: requires DRYDOCK_TLS_CERT and DRYDOCK_TLS_KEY');
  const isTokenless = given['DRYDOCK_INDEX_URL'] !== undefined && given['DRYDOCK_STANDALONE'] === 'true';
  if (isTokenless)
    lines.push('  DRYDOCK_INDEX_URL: requires tokens, which engines do not send when DRYDOCK_STANDALONE=true');
  const isMailless = given['DRYDOCK_EMAIL_CONFIRMATION'] === 'required' && given['DRYDOCK_SMTP_URL'] === undefined;
  if (isMailless)
    lines.push('  DRYDOCK_EMAIL_CONFIRMATION: requires DRYDOCK_SMTP_URL, because addresses are confirmed by email');
  return lines;
}

/** `http://host:port`, or https: where a server with this configuration listens, once the port is known. */
export function listeningUrl(config: Config, port: number): string {
  const { HOST: host } = config;
  const scheme = config.DRYDOCK_TLS_CERT === undefined ? 'http' : 'https';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function withoutAbsent(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
}

/**
 * Reads the environment. An empty value counts as absent, as in a `.env` file with nothing after the `=`.
 *
 * @param defaults - for absent values, before the usual defaults
 * @param options - of the command line, which count more than the environment
 * @throws ConfigError that names every bad value at once
 */
export function readConfig(
  env: NodeJS.ProcessEnv = process.env,
  defaults: NodeJS.ProcessEnv = {},
  options: NodeJS.ProcessEnv = {},
): Config {
  const given = withoutAbsent({ ...env, ...withoutAbsent(options) });
  const parsed = environment.safeParse({ ...defaults, ...given });
  const lines = [
    ...(parsed.error?.issues ?? []).map((issue) => `  ${issue.path.slice(0, 1).join('.')}: ${issue.message}`),
    ...incomplete(given),
  ];
  if (parsed.success && lines.length === 0) return parsed.data;
  throw new ConfigError(
    `The configuration has ${lines.length === 1 ? 'an invalid value' : 'invalid values'}:\n${lines.join('\n')}`,
  );
}
