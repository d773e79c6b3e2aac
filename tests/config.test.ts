import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ConfigError, readConfig, VARIABLES } from '../src/config';

/** The defaults that the README and `.env.example` promise. */
const DEFAULTS = {
  PORT: 5000,
  HOST: '127.0.0.1',
  DRYDOCK_DATA_DIR: './data',
  DRYDOCK_STORAGE: { kind: 'files', directory: undefined },
  DRYDOCK_S3_REGION: 'us-east-1',
  DRYDOCK_S3_PATH_STYLE: false,
  DRYDOCK_S3_REDIRECT: false,
  DRYDOCK_STORAGE_RESERVE: 268_435_456,
  DRYDOCK_STANDALONE: false,
  DRYDOCK_V2_ENGINES: { major: 17, minor: 6 },
  DRYDOCK_REGISTRATION: 'open',
  DRYDOCK_REGISTRATIONS_PER_HOUR: 60,
  DRYDOCK_EMAIL_CONFIRMATION: 'off',
  DRYDOCK_OIDC_NAME: 'OpenID',
  DRYDOCK_OIDC_SCOPES: 'openid profile email',
  DRYDOCK_OIDC_USERNAME_CLAIM: 'preferred_username',
  DRYDOCK_OIDC_GROUPS_CLAIM: 'groups',
  DRYDOCK_BUILDER_USER: 'drydock-builder',
  DRYDOCK_BUILDER_DIR: '/var/tmp/drydock-builder',
  DRYDOCK_BUILDER_JOBS: availableParallelism(),
  DRYDOCK_BUILD_CACHE: 10 * 2 ** 30,
  DRYDOCK_BUILD_CACHE_DAYS: 7,
  DRYDOCK_BUILD_MINUTES: 120,
  DRYDOCK_BUILD_DISK: 10_737_418_240,
  DRYDOCK_BUILD_MEMORY: 2_147_483_648,
  DRYDOCK_BUILD_PROCESSES: 1024,
  DRYDOCK_WORKERS: availableParallelism(),
  DRYDOCK_DRAIN_SECONDS: 30,
  DRYDOCK_BCRYPT_COST: 10,
  DRYDOCK_HUB_LIMITS: false,
  DRYDOCK_AUDIT_DAYS: 365,
  DRYDOCK_KEEP_UNTAGGED: 30,
  LOG_LEVEL: 'info',
};

/** The message for an invalid environment. */
function refusal(env: NodeJS.ProcessEnv): string {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('an absent variable', () => {
  it('has the defaults, or is undefined', () => {
    expect(readConfig({})).toEqual(DEFAULTS);
  });

  it('may also be empty', () => {
    expect(readConfig(Object.fromEntries(VARIABLES.map((name) => [name, ''])))).toEqual(DEFAULTS);
  });

  it('may have another default for a command', () => {
    expect(readConfig({}, { LOG_LEVEL: 'warn' }).LOG_LEVEL).toBe('warn');
    expect(readConfig({ LOG_LEVEL: '' }, { LOG_LEVEL: 'warn' }).LOG_LEVEL).toBe('warn');
    expect(readConfig({ LOG_LEVEL: 'debug' }, { LOG_LEVEL: 'warn' }).LOG_LEVEL).toBe('debug');
  });
});

describe('a configuration', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['[::1]', '::1'],
    ['localhost', 'localhost'],
    ['hub.internal', 'hub.internal'],
  ])('may be HOST=%s', (written, host) => {
    expect(readConfig({ HOST: written }).HOST).toBe(host);
  });

  it('is read', () => {
    expect(
      readConfig({
        PORT: '0',
        HOST: '::1',
        DATABASE_URL: 'postgresql://drydock@db/drydock',
        DRYDOCK_DATA_DIR: '/var/lib/drydock',
        DRYDOCK_STORAGE: 's3://layers/hub/',
        DRYDOCK_STORAGE_ALSO: 'file:/mnt/layers',
        DRYDOCK_S3_ENDPOINT: 'http://127.0.0.1:9000',
        DRYDOCK_S3_REGION: 'eu-central-1',
        DRYDOCK_S3_PATH_STYLE: 'on',
        DRYDOCK_S3_SSE: 'aws:kms',
        DRYDOCK_S3_REDIRECT: 'on',
        DRYDOCK_S3_PUBLIC_ENDPOINT: 'https://layers.example.com',
        DRYDOCK_STORAGE_LIMIT: '10g',
        DRYDOCK_STORAGE_RESERVE: '4096',
        DRYDOCK_PUBLIC_URL: 'https://hub.example.com',
        DRYDOCK_TLS_CERT: '/etc/drydock/cert.pem',
        DRYDOCK_TLS_KEY: '/etc/drydock/key.pem',
        DRYDOCK_LEGACY_TLS_PORT: '5443',
        DRYDOCK_STANDALONE: 'true',
        DRYDOCK_INDEX_HOSTS: 'index.example.com, hub.example.com:5000',
        DRYDOCK_V2_ENGINES: '1.10',
        DRYDOCK_REGISTRY_ENDPOINTS: 'r1.example.com:5000, r2.example.com,[2001:db8::1]:5000',
        DRYDOCK_TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::1,loopback',
        DRYDOCK_ACCEL_PREFIX: '/_drydock/layers/',
        DRYDOCK_WEBHOOK_ALLOW: 'ci.internal:8080, [::1]:80,10.1.0.0/16',
        DRYDOCK_ADMIN_USERNAME: 'captain',
        DRYDOCK_ADMIN_PASSWORD: 'secret99',
        DRYDOCK_ADMIN_EMAIL: 'captain@example.com',
        DRYDOCK_REGISTRATION: 'closed',
        DRYDOCK_REGISTRATIONS_PER_HOUR: '7',
        DRYDOCK_EMAIL_CONFIRMATION: 'required',
        DRYDOCK_OIDC_ISSUER: 'https://login.example.com/realms/main',
        DRYDOCK_OIDC_CLIENT_ID: 'drydock',
        DRYDOCK_OIDC_CLIENT_SECRET: 'secret',
        DRYDOCK_OIDC_NAME: 'The Login',
        DRYDOCK_OIDC_SCOPES: 'openid, groups',
        DRYDOCK_OIDC_USERNAME_CLAIM: 'nickname',
        DRYDOCK_OIDC_GROUPS_CLAIM: 'realm_access.roles',
        DRYDOCK_OIDC_ADMIN_GROUP: 'admins',
        DRYDOCK_OIDC_CREATE_ACCOUNTS: 'off',
        DRYDOCK_GITHUB_CLIENT_ID: 'a1',
        DRYDOCK_GITHUB_CLIENT_SECRET: 'secret of github',
        DRYDOCK_GITHUB_URL: 'https://github.example.com/',
        DRYDOCK_BITBUCKET_CLIENT_ID: 'b1',
        DRYDOCK_BITBUCKET_CLIENT_SECRET: 'secret of bitbucket',
        DRYDOCK_BITBUCKET_URL: 'https://bitbucket.example.com',
        DRYDOCK_GITLAB_CLIENT_ID: 'c1',
        DRYDOCK_GITLAB_CLIENT_SECRET: 'secret of gitlab',
        DRYDOCK_GITLAB_URL: 'https://example.com/gitlab//',
        DRYDOCK_GITEA_CLIENT_ID: 'd1',
        DRYDOCK_GITEA_CLIENT_SECRET: 'secret of gitea',
        DRYDOCK_GITEA_URL: 'http://git.internal:3000',
        DRYDOCK_SMTP_URL: 'smtps://drydock:p%40ss@mail.example.com:465',
        DRYDOCK_MAIL_FROM: 'The Hub <hub@example.com>',
        DRYDOCK_BUILDER_HUB: 'http://10.1.2.3:5000',
        DRYDOCK_BUILDER_USER: 'build_1',
        DRYDOCK_BUILDER_DIR: '/srv/builds',
        DRYDOCK_BUILDER_JOBS: '4',
        DRYDOCK_BUILD_MINUTES: '30',
        DRYDOCK_BUILD_CACHE: '3g',
        DRYDOCK_BUILD_CACHE_DAYS: '2',
        DRYDOCK_BUILD_DISK: '4g',
        DRYDOCK_BUILD_MEMORY: '1g',
        DRYDOCK_BUILD_PROCESSES: '256',
        DRYDOCK_BUILD_ALLOW: 'git.internal,10.1.0.0/16',
        DRYDOCK_BUILD_REACH: 'mirror.internal:3142',
        DRYDOCK_BUILD_KNOWN_HOSTS: '/etc/ssh/ssh_known_hosts',
        DRYDOCK_WORKERS: '3',
        DRYDOCK_DRAIN_SECONDS: '60',
        DRYDOCK_BCRYPT_COST: '12',
        DRYDOCK_HUB_LIMITS: 'on',
        DRYDOCK_AUDIT_DAYS: '30',
        DRYDOCK_KEEP_UNTAGGED: '7',
        LOG_LEVEL: 'silent',
        SOMETHING_ELSE: 'is ignored',
      }),
    ).toEqual({
      PORT: 0,
      HOST: '::1',
      DATABASE_URL: 'postgresql://drydock@db/drydock',
      DRYDOCK_DATA_DIR: '/var/lib/drydock',
      DRYDOCK_STORAGE: { kind: 'bucket', bucket: 'layers', prefix: 'hub/' },
      DRYDOCK_STORAGE_ALSO: { kind: 'files', directory: '/mnt/layers' },
      DRYDOCK_S3_ENDPOINT: 'http://127.0.0.1:9000',
      DRYDOCK_S3_REGION: 'eu-central-1',
      DRYDOCK_S3_PATH_STYLE: true,
      DRYDOCK_S3_SSE: 'aws:kms',
      DRYDOCK_S3_REDIRECT: true,
      DRYDOCK_S3_PUBLIC_ENDPOINT: 'https://layers.example.com',
      DRYDOCK_STORAGE_LIMIT: 10_737_418_240,
      DRYDOCK_STORAGE_RESERVE: 4096,
      DRYDOCK_PUBLIC_URL: 'https://hub.example.com',
      DRYDOCK_TLS_CERT: '/etc/drydock/cert.pem',
      DRYDOCK_TLS_KEY: '/etc/drydock/key.pem',
      DRYDOCK_LEGACY_TLS_PORT: 5443,
      DRYDOCK_STANDALONE: true,
      DRYDOCK_INDEX_HOSTS: ['index.example.com', 'hub.example.com:5000'],
      DRYDOCK_V2_ENGINES: { major: 1, minor: 10 },
      DRYDOCK_REGISTRY_ENDPOINTS: ['r1.example.com:5000', 'r2.example.com', '[2001:db8::1]:5000'],
      DRYDOCK_TRUSTED_PROXIES: ['10.0.0.0/8', '2001:db8::1', 'loopback'],
      DRYDOCK_ACCEL_PREFIX: '/_drydock/layers/',
      DRYDOCK_WEBHOOK_ALLOW: ['ci.internal:8080', '[::1]:80', '10.1.0.0/16'],
      DRYDOCK_ADMIN_USERNAME: 'captain',
      DRYDOCK_ADMIN_PASSWORD: 'secret99',
      DRYDOCK_ADMIN_EMAIL: 'captain@example.com',
      DRYDOCK_REGISTRATION: 'closed',
      DRYDOCK_REGISTRATIONS_PER_HOUR: 7,
      DRYDOCK_EMAIL_CONFIRMATION: 'required',
      DRYDOCK_OIDC_ISSUER: 'https://login.example.com/realms/main',
      DRYDOCK_OIDC_CLIENT_ID: 'drydock',
      DRYDOCK_OIDC_CLIENT_SECRET: 'secret',
      DRYDOCK_OIDC_NAME: 'The Login',
      DRYDOCK_OIDC_SCOPES: 'openid groups',
      DRYDOCK_OIDC_USERNAME_CLAIM: 'nickname',
      DRYDOCK_OIDC_GROUPS_CLAIM: 'realm_access.roles',
      DRYDOCK_OIDC_ADMIN_GROUP: 'admins',
      DRYDOCK_OIDC_CREATE_ACCOUNTS: false,
      DRYDOCK_GITHUB_CLIENT_ID: 'a1',
      DRYDOCK_GITHUB_CLIENT_SECRET: 'secret of github',
      DRYDOCK_GITHUB_URL: 'https://github.example.com',
      DRYDOCK_BITBUCKET_CLIENT_ID: 'b1',
      DRYDOCK_BITBUCKET_CLIENT_SECRET: 'secret of bitbucket',
      DRYDOCK_BITBUCKET_URL: 'https://bitbucket.example.com',
      DRYDOCK_GITLAB_CLIENT_ID: 'c1',
      DRYDOCK_GITLAB_CLIENT_SECRET: 'secret of gitlab',
      DRYDOCK_GITLAB_URL: 'https://example.com/gitlab',
      DRYDOCK_GITEA_CLIENT_ID: 'd1',
      DRYDOCK_GITEA_CLIENT_SECRET: 'secret of gitea',
      DRYDOCK_GITEA_URL: 'http://git.internal:3000',
      DRYDOCK_SMTP_URL: 'smtps://drydock:p%40ss@mail.example.com:465',
      DRYDOCK_MAIL_FROM: 'The Hub <hub@example.com>',
      DRYDOCK_BUILDER_HUB: 'http://10.1.2.3:5000',
      DRYDOCK_BUILDER_USER: 'build_1',
      DRYDOCK_BUILDER_DIR: '/srv/builds',
      DRYDOCK_BUILDER_JOBS: 4,
      DRYDOCK_BUILD_MINUTES: 30,
      DRYDOCK_BUILD_CACHE: 3 * 2 ** 30,
      DRYDOCK_BUILD_CACHE_DAYS: 2,
      DRYDOCK_BUILD_DISK: 4_294_967_296,
      DRYDOCK_BUILD_MEMORY: 1_073_741_824,
      DRYDOCK_BUILD_PROCESSES: 256,
      DRYDOCK_BUILD_ALLOW: ['git.internal', '10.1.0.0/16'],
      DRYDOCK_BUILD_REACH: ['mirror.internal:3142'],
      DRYDOCK_BUILD_KNOWN_HOSTS: '/etc/ssh/ssh_known_hosts',
      DRYDOCK_WORKERS: 3,
      DRYDOCK_DRAIN_SECONDS: 60,
      DRYDOCK_BCRYPT_COST: 12,
      DRYDOCK_HUB_LIMITS: true,
      DRYDOCK_AUDIT_DAYS: 30,
      DRYDOCK_KEEP_UNTAGGED: 7,
      LOG_LEVEL: 'silent',
    });
  });

  it.each([
    ['DRYDOCK_BUILDER_DIR', 'builds'],
    ['DRYDOCK_BUILDER_USER', 'root user'],
    ['DRYDOCK_BUILD_MEMORY', '1m'],
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '5000.5'],
    ['PORT', ' '],
    ['PORT', '0x50'],
    ['DATABASE_URL', 'mysql://localhost/drydock'],
    ['DATABASE_URL', 'postgres://drydock:pa#ss@db/drydock'],
    ['HOST', '127.0.0.1:5000'],
    ['HOST', 'http://127.0.0.1'],
    ['HOST', '*'],
    ['HOST', '[::1]:5000'],
    ['DRYDOCK_PUBLIC_URL', 'https://hub.example.com/docker'],
    ['DRYDOCK_PUBLIC_URL', 'https://hub.example.com/?a=b'],
    ['DRYDOCK_PUBLIC_URL', 'https://user@hub.example.com'],
    ['DRYDOCK_STORAGE', 's3:bucket'],
    ['DRYDOCK_STORAGE', 's3://Bucket'],
    ['DRYDOCK_STORAGE', 'file:layers'],
    ['DRYDOCK_STORAGE_ALSO', 'layers'],
    ['DRYDOCK_S3_ENDPOINT', '127.0.0.1:9000'],
    ['DRYDOCK_S3_REGION', 'eu central'],
    ['DRYDOCK_S3_PATH_STYLE', 'yes'],
    ['DRYDOCK_S3_SSE', 'on'],
    ['DRYDOCK_STORAGE_LIMIT', '0'],
    ['DRYDOCK_STORAGE_LIMIT', '10 g'],
    ['DRYDOCK_STORAGE_LIMIT', '10gb'],
    ['DRYDOCK_STORAGE_LIMIT', '1.5g'],
    ['DRYDOCK_STORAGE_RESERVE', '-1'],
    ['DRYDOCK_STORAGE_RESERVE', 'none'],
    ['DRYDOCK_PUBLIC_URL', 'hub.example.com'],
    ['DRYDOCK_PUBLIC_URL', 'ftp://hub.example.com'],
    ['DRYDOCK_REGISTRY_ENDPOINTS', 'https://r1.example.com'],
    ['DRYDOCK_REGISTRY_ENDPOINTS', 'r1.example.com,'],
    ['DRYDOCK_INDEX_URL', 'index.example.com'],
    ['DRYDOCK_INDEX_URL', 'ftp://index.example.com'],
    ['DRYDOCK_INDEX_URL', 'https://index.example.com/v1/'],
    ['DRYDOCK_REGISTRATION', 'yes'],
    ['DRYDOCK_EMAIL_CONFIRMATION', 'on'],
    ['DRYDOCK_STANDALONE', 'yes'],
    ['DRYDOCK_OIDC_ISSUER', 'login.example.com'],
    ['DRYDOCK_OIDC_ISSUER', 'https://login.example.com/?realm=main'],
    ['DRYDOCK_OIDC_SCOPES', 'profile,email'],
    ['DRYDOCK_OIDC_CREATE_ACCOUNTS', 'yes'],
    ['DRYDOCK_SMTP_URL', 'mail.example.com'],
    ['DRYDOCK_SMTP_URL', 'http://mail.example.com'],
    ['DRYDOCK_MAIL_FROM', 'The Hub'],
    ['DRYDOCK_MAIL_FROM', 'The Hub <hub@example.com>\nBcc: mallory@example.com'],
    ['DRYDOCK_MAIL_FROM', 'hub@example.com, mallory@example.com'],
    ['DRYDOCK_INDEX_HOSTS', 'https://index.example.com'],
    ['DRYDOCK_V2_ENGINES', 'on'],
    ['DRYDOCK_V2_ENGINES', '17'],
    ['DRYDOCK_V2_ENGINES', '17.06.2'],
    ['DRYDOCK_V2_ENGINES', 'docker/17.06'],
    ['DRYDOCK_V2_ENGINES', '1.9'],
    ['DRYDOCK_V2_ENGINES', '0.12'],
    ['DRYDOCK_WORKERS', '0'],
    ['DRYDOCK_BCRYPT_COST', '3'],
    ['DRYDOCK_BCRYPT_COST', '16'],
    ['DRYDOCK_HUB_LIMITS', 'true'],
    ['DRYDOCK_TRUSTED_PROXIES', 'proxy.example.com'],
    ['DRYDOCK_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['DRYDOCK_TRUSTED_PROXIES', '10.0.0.1,'],
    ['DRYDOCK_ACCEL_PREFIX', '_drydock_layers/'],
    ['DRYDOCK_ACCEL_PREFIX', '/_drydock_layers'],
    ['DRYDOCK_ACCEL_PREFIX', '/'],
    ['DRYDOCK_ACCEL_PREFIX', '/two words/'],
    ['DRYDOCK_WEBHOOK_ALLOW', 'http://ci.internal'],
    ['DRYDOCK_WEBHOOK_ALLOW', '10.0.0.0/33'],
    ['DRYDOCK_WEBHOOK_ALLOW', 'ci.internal,'],
    ['DRYDOCK_AUDIT_DAYS', '0'],
    ['DRYDOCK_KEEP_UNTAGGED', '0'],
    ['LOG_LEVEL', 'verbose'],
  ])('is refused with %s=%j', (name, value) => {
    const others = name.startsWith('DRYDOCK_SMTP')
      ? { DRYDOCK_MAIL_FROM: 'hub@example.com' }
      : name === 'DRYDOCK_MAIL_FROM'
        ? { DRYDOCK_SMTP_URL: 'smtp://localhost' }
        : name === 'DRYDOCK_OIDC_ISSUER'
          ? { DRYDOCK_OIDC_CLIENT_ID: 'drydock' }
          : {};
    expect(refusal({ ...others, [name]: value })).toMatch(
      new RegExp(`^The configuration has an invalid value:\n  ${name}: .+$`),
    );
  });

  it('lets all engines see v2 from a version on, or switches v2 off', () => {
    const engines = ['1.10', '1.13', '17.6', '17.06', '29.0', 'off'].map((text) => {
      return readConfig({ DRYDOCK_V2_ENGINES: text }).DRYDOCK_V2_ENGINES;
    });
    expect(engines).toEqual([
      { major: 1, minor: 10 },
      { major: 1, minor: 13 },
      { major: 17, minor: 6 },
      { major: 17, minor: 6 },
      { major: 29, minor: 0 },
      'off',
    ]);
  });

  it.each([
    ['DRYDOCK_ADMIN_USERNAME', 'Captain'],
    ['DRYDOCK_ADMIN_PASSWORD', '1234'],
    ['DRYDOCK_ADMIN_EMAIL', 'captain'],
  ])('obeys the rules for accounts, unlike %s=%j', (name, value) => {
    const administrator = { DRYDOCK_ADMIN_USERNAME: 'captain', DRYDOCK_ADMIN_PASSWORD: 'secret99' };
    expect(refusal({ ...administrator, [name]: value })).toMatch(new RegExp(`^.+:\n  ${name}: Wrong .+ format.*$`));
  });

  it.each([
    [{ DRYDOCK_ADMIN_USERNAME: 'captain' }, 'DRYDOCK_ADMIN_PASSWORD'],
    [{ DRYDOCK_ADMIN_PASSWORD: 'secret99' }, 'DRYDOCK_ADMIN_USERNAME'],
  ])('has a name and a password for the administrator, or neither: %j', (env, missing) => {
    expect(refusal(env)).toBe(
      `The configuration has an invalid value:\n  ${missing}: DRYDOCK_ADMIN_USERNAME and DRYDOCK_ADMIN_PASSWORD must be set together`,
    );
  });

  it.each([
    [{ DRYDOCK_TLS_CERT: 'cert.pem' }, 'DRYDOCK_TLS_KEY'],
    [{ DRYDOCK_TLS_KEY: 'key.pem' }, 'DRYDOCK_TLS_CERT'],
  ])('has a certificate and its key, or neither: %j', (env, missing) => {
    expect(refusal(env)).toBe(
      `The configuration has an invalid value:\n  ${missing}: DRYDOCK_TLS_CERT and DRYDOCK_TLS_KEY must be set together`,
    );
  });

  it.each([
    [{ DRYDOCK_SMTP_URL: 'smtp://localhost' }, 'DRYDOCK_MAIL_FROM'],
    [{ DRYDOCK_MAIL_FROM: 'hub@example.com' }, 'DRYDOCK_SMTP_URL'],
  ])('has a mail server and a sender, or neither: %j', (env, missing) => {
    expect(refusal(env)).toBe(
      `The configuration has an invalid value:\n  ${missing}: DRYDOCK_SMTP_URL and DRYDOCK_MAIL_FROM must be set together`,
    );
  });

  it('requires no confirmation that nobody could give', () => {
    expect(refusal({ DRYDOCK_EMAIL_CONFIRMATION: 'required' })).toBe(
      'The configuration has an invalid value:\n' +
        '  DRYDOCK_EMAIL_CONFIRMATION: requires DRYDOCK_SMTP_URL, because addresses are confirmed by email',
    );
  });

  it('has no legacy listener without a certificate', () => {
    expect(refusal({ DRYDOCK_LEGACY_TLS_PORT: '5443' })).toContain('requires DRYDOCK_TLS_CERT and DRYDOCK_TLS_KEY');
  });

  it('is the registry of another index only with tokens', () => {
    const DRYDOCK_INDEX_URL = 'https://index.example.com';
    for (const written of [DRYDOCK_INDEX_URL, `${DRYDOCK_INDEX_URL}/`, 'http://index.example.com:5000']) {
      expect(readConfig({ DRYDOCK_INDEX_URL: written }).DRYDOCK_INDEX_URL).toBe(written);
    }
    expect(refusal({ DRYDOCK_INDEX_URL, DRYDOCK_STANDALONE: 'true' })).toBe(
      'The configuration has an invalid value:\n' +
        '  DRYDOCK_INDEX_URL: requires tokens, which engines do not send when DRYDOCK_STANDALONE=true',
    );
  });

  it('is refused with all its errors at once, one on each line', () => {
    const message = refusal({
      PORT: 'x',
      DATABASE_URL: 'x',
      DRYDOCK_BCRYPT_COST: 'x',
      LOG_LEVEL: 'x',
      DRYDOCK_ADMIN_USERNAME: 'captain',
    });
    const [first, ...lines] = message.split('\n');
    expect(first).toBe('The configuration has invalid values:');
    expect(lines.map((line) => line.trim().split(':')[0])).toEqual([
      'PORT',
      'DATABASE_URL',
      'DRYDOCK_BCRYPT_COST',
      'LOG_LEVEL',
      'DRYDOCK_ADMIN_PASSWORD',
    ]);
  });
});

describe('.env.example', () => {
  const lines = readFileSync(path.join(__dirname, '../.env.example'), 'utf8').trimEnd().split('\n');
  const settings = lines.filter((line) => line !== '' && !line.startsWith('#'));

  it('names every variable and no other', () => {
    expect(settings.map((line) => line.split('=')[0])).toEqual(VARIABLES);
    expect(VARIABLES).toContain('DRYDOCK_HUB_LIMITS');
  });

  it('shows the defaults', () => {
    const shown = Object.fromEntries(settings.map((line) => line.split('=') as [string, string]));
    expect(readConfig(shown)).toEqual(DEFAULTS);
    const values = settings.map((line) => line.split('=')[1]).filter((value) => value !== '');
    // The number of workers and of builds at once depends on the machine.
    expect(values).toHaveLength(Object.keys(DEFAULTS).length - 2);
  });

  it('explains every variable, or the group of the variable', () => {
    const groups = lines.join('\n').split('\n\n').slice(1);
    for (const group of groups) expect(group).toMatch(/^(# .+\n)+([A-Z0-9_]+=.*(\n|$))+$/);
  });
});
