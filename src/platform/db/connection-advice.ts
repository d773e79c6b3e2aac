interface Advice {
  /** The SQLSTATE of the error, or Node's name for it. */
  readonly code?: RegExp;
  readonly message?: RegExp;
  readonly sentence: string;
}

const CERTIFICATE_CODES =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|CERT_\w+|ERR_TLS_\w+)$/;

/** The first match is used. */
const ADVICE: readonly Advice[] = [
  {
    code: CERTIFICATE_CODES,
    sentence:
      'Name the authority that signed its certificate in DATABASE_URL (sslmode=verify-full&sslrootcert=/path/to/ca.pem), ' +
      'or write sslmode=no-verify to encrypt without looking at the certificate',
  },
  {
    message: /does not support SSL/,
    sentence: 'Write sslmode=disable in DATABASE_URL, or turn TLS on in Postgres',
  },
  {
    message: /no pg_hba\.conf entry .*no encryption/,
    sentence: 'Postgres wants TLS: write sslmode=verify-full in DATABASE_URL',
  },
  {
    message: /unsupported startup parameter/,
    sentence: 'In PgBouncer, set ignore_startup_parameters = statement_timeout',
  },
  {
    code: /^42501$/,
    sentence:
      'The tables belong to another role: connect as that role, or let it run: reassign owned by OLD_ROLE to NEW_ROLE',
  },
  { code: /^28/, sentence: 'Look at the user and the password in DATABASE_URL' },
  { code: /^3D/, sentence: 'Create it: createdb --encoding=UTF8 --template=template0 NAME' },
  { code: /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/, sentence: 'Look at the host and the port in DATABASE_URL' },
];

/** The message of an error of any kind: errors of Node, of pg and of a URL do not all come from the same `Error`. */
export function describeError(error: unknown): { readonly message: string; readonly code: string } {
  const { message, code } = Object(error) as { message?: unknown; code?: unknown };
  return {
    message: typeof message === 'string' ? message : String(error),
    code: typeof code === 'string' ? code : '',
  };
}

/**
 * What an operator can do about a failed connection, as a sentence that begins with `. `; empty if nothing is known.
 */
export function adviceFor(error: unknown): string {
  const { message, code } = describeError(error);
  const found = ADVICE.find(
    (advice) => (advice.code === undefined || advice.code.test(code)) && (advice.message?.test(message) ?? true),
  );
  return found === undefined ? '' : `. ${found.sentence}.`;
}
