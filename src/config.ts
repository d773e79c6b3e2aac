import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { assertEmail, assertPassword, assertUsername } from './features/accounts/account-rules';
import { assertDatabaseUrl } from './platform/db/database-url';

import { PROVIDER_VARIABLES, PROVIDERS_TOGETHER } from './config-providers';
import {
  wholeNumber,
  byteCount,
  listenAddress,
  siteUrl,
  hostList,
  issuerUrl,
  scopeList,
  obeys,
  proxyList,
  MAIL_FROM,
  allowList,
  originList,
  v2Engines,
  storagePlace,
  onOff,
} from './config-values';

const storeUrl = z.url({ protocol: /^https?$/, message: 'must be http:// or https:// followed by a host' });

const environment = z.object({
  PORT: wholeNumber(0, 65_535).default(5000),
  HOST: listenAddress.default('127.0.0.1'),
  DATABASE_URL: z.string().superRefine(obeys(assertDatabaseUrl)).optional(),
  DRYDOCK_DATA_DIR: z.string().min(1).default('./data'),
  DRYDOCK_STORAGE: storagePlace.prefault('file:'),
  DRYDOCK_STORAGE_ALSO: storagePlace.optional(),
  DRYDOCK_S3_ENDPOINT: storeUrl.optional(),
  DRYDOCK_S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/, 'must be a region, such as eu-central-1')
    .default('us-east-1'),
  DRYDOCK_S3_PATH_STYLE: onOff.default(false),
  DRYDOCK_S3_SSE: z.enum(['AES256', 'aws:kms']).optional(),
  DRYDOCK_S3_REDIRECT: onOff.default(false),
  DRYDOCK_S3_PUBLIC_ENDPOINT: storeUrl.optional(),
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
  ...PROVIDER_VARIABLES,
  DRYDOCK_SMTP_URL: z
    .url({
      protocol: /^smtps?$/,
      message: 'must be smtp://host:port or smtps://host:port, with user:password@ before the host if needed',
    })
    .optional(),
  DRYDOCK_MAIL_FROM: z.string().regex(MAIL_FROM, 'must be an email address or Name <address>').optional(),
  DRYDOCK_WEBHOOK_ALLOW: allowList.optional(),
  DRYDOCK_CORS_ORIGINS: originList.optional(),
  DRYDOCK_BUILDER_HUB: siteUrl.optional(),
  DRYDOCK_BUILDER_USER: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be the name of a user of this host')
    .default('drydock-builder'),
  DRYDOCK_BUILDER_DIR: z.string().startsWith('/', 'must be an absolute path').default('/var/tmp/drydock-builder'),
  DRYDOCK_BUILDER_JOBS: wholeNumber(1, 64).default(availableParallelism()),
  DRYDOCK_BUILD_MINUTES: wholeNumber(1, 1440).default(120),
  DRYDOCK_BUILD_DISK: byteCount.pipe(z.number().min(2 ** 20)).default(10 * 2 ** 30),
  DRYDOCK_BUILD_MEMORY: byteCount.pipe(z.number().min(128 * 2 ** 20)).default(2 * 2 ** 30),
  DRYDOCK_BUILD_PROCESSES: wholeNumber(64, 1_000_000).default(1024),
  DRYDOCK_BUILD_CACHE: byteCount.default(10 * 2 ** 30),
  DRYDOCK_BUILD_CACHE_DAYS: wholeNumber(1, 365).default(7),
  DRYDOCK_BUILD_ALLOW: allowList.optional(),
  DRYDOCK_BUILD_REACH: allowList.optional(),
  DRYDOCK_BUILD_KNOWN_HOSTS: z.string().min(1).optional(),
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
  ...PROVIDERS_TOGETHER,
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
  const isTwoBuckets = [given['DRYDOCK_STORAGE'], given['DRYDOCK_STORAGE_ALSO']].every((at) => at?.startsWith('s3:'));
  if (isTwoBuckets)
    lines.push('  DRYDOCK_STORAGE_ALSO: one of the two places must be a directory; copy buckets with the tools of S3');
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
