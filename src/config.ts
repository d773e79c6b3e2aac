import { z } from 'zod';
import { assertEmail, assertPassword, assertUsername } from './features/accounts/rules';

const port = z.coerce.number().int().min(0).max(65_535);
const hostAndPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$/, 'must be host or host:port, without a scheme');
/** A rule of the accounts, as zod has it. */
function obeys(rule: (value: string) => void): (value: string, issues: z.RefinementCtx) => void {
  return (value, issues) => {
    try {
      rule(value);
    } catch (error) {
      issues.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    }
  };
}

const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');

const environment = z
  .object({
    PORT: port.default(5000),
    HOST: z.string().min(1).default('127.0.0.1'),
    DATABASE_URL: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
      .optional(),
    DRYDOCK_DATA_DIR: z.string().min(1).default('./data'),
    DRYDOCK_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
    DRYDOCK_REGISTRY_ENDPOINTS: z
      .string()
      .transform((value) => value.split(',').map((entry) => entry.trim()))
      .pipe(z.array(hostAndPort).min(1))
      .optional(),
    DRYDOCK_ADMIN_USERNAME: z.string().superRefine(obeys(assertUsername)).optional(),
    DRYDOCK_ADMIN_PASSWORD: z.string().superRefine(obeys(assertPassword)).optional(),
    DRYDOCK_ADMIN_EMAIL: z.string().superRefine(obeys(assertEmail)).optional(),
    DRYDOCK_REGISTRATION: z.enum(['open', 'closed']).default('open'),
    DRYDOCK_EMAIL_CONFIRMATION: z.enum(['off', 'required']).default('off'),
    DRYDOCK_BCRYPT_COST: z.coerce.number().int().min(4).max(15).default(10),
    DRYDOCK_HUB_LIMITS: onOff.default(false),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  })
  .superRefine((value, issues) => {
    if ((value.DRYDOCK_ADMIN_USERNAME === undefined) === (value.DRYDOCK_ADMIN_PASSWORD === undefined)) return;
    const missing = value.DRYDOCK_ADMIN_USERNAME === undefined ? 'DRYDOCK_ADMIN_USERNAME' : 'DRYDOCK_ADMIN_PASSWORD';
    const message = 'DRYDOCK_ADMIN_USERNAME and DRYDOCK_ADMIN_PASSWORD go together';
    issues.addIssue({ code: 'custom', path: [missing], message });
  });

/** What the environment says, checked; see `.env.example` for the meaning of each. */
export type Config = z.infer<typeof environment>;

/** The environment has values that cannot be used; the message lists all of them, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the environment. An empty value counts as absent, as in a `.env` file with nothing behind the `=`.
 *
 * @throws ConfigError that names every bad value at once
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.slice(0, 1).join('.')}: ${issue.message}`);
  throw new ConfigError(
    `The configuration has ${lines.length === 1 ? 'a bad value' : 'bad values'}:\n${lines.join('\n')}`,
  );
}
