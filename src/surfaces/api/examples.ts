/*
 * Examples for the document: values that fit the schemas, by the names of the fields, so that no endpoint has to write its own.
 */

/** A JSON Schema as zod writes it: the parts that decide about a value. */
interface Schema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly pattern?: string;
  readonly format?: string;
}

const IMAGE = '2f8fe63a62241f2b1fdde6bdb1b25a1a1bd92e8d0e0a8ce41f7a2d2f8f6ab7c9';
const DIGEST = `sha256:${IMAGE}`;
const HOST = 'https://hub.example.com';

const TEXTS: Readonly<Record<string, string>> = {
  action: 'tag.set',
  actor: 'alice',
  address: '192.0.2.7',
  alias: 'app',
  arch: 'amd64',
  artifact_type: 'application/vnd.example.signature',
  author: 'alice',
  body: '{"push_data": {"tag": "latest"}}',
  checksum: DIGEST,
  client: 'docker/1.7.1',
  code: '123456',
  command: '/bin/sh -c make install',
  'command[]': '/bin/sh',
  comment: 'built on a 3.2 kernel',
  company: 'Acme',
  current_password: 'an old secret',
  description: 'The web shop',
  detail: 'Repository not found',
  digest: DIGEST,
  directory: 'etc',
  docker_version: '1.7.1',
  email: 'alice@example.com',
  engine: 'docker 1.7.1',
  'entrypoint[]': '/entrypoint.sh',
  'environment[]': 'PATH=/usr/bin:/bin',
  field: 'body.name',
  from: IMAGE,
  full_description: '# Shop',
  full_name: 'Alice',
  grant_type: 'authorization_code',
  gravatar_email: 'alice@example.com',
  group: 'builders',
  id: IMAGE,
  image: IMAGE,
  image_id: IMAGE,
  'immutable_tags[]': 'v*',
  invited_by: 'alice',
  kernel: '3.2.0-4-amd64',
  location: 'Rotterdam',
  media_type: 'application/vnd.oci.image.manifest.v1+json',
  message: 'must not be empty',
  name: 'shop',
  namespace: 'alice',
  org: 'acme',
  organization: 'acme',
  os: 'linux',
  owner: 'alice',
  parent: IMAGE,
  password: 'a new secret',
  path: 'etc/motd',
  plan: 'free',
  platform: 'linux/amd64',
  'platforms[]': 'linux/amd64',
  'ports[]': '80/tcp',
  'recovery_codes[]': 'abcde-fghij',
  redirect_uri: 'https://app.example.com/back',
  'redirect_uris[]': 'https://app.example.com/back',
  'repositories[]': 'alice/shop',
  request_id: '0192f1f0-6f6e-7c3e-9a3e-2f8fe63a6224',
  requested_by: 'alice',
  scope: 'profile_read',
  'scopes[]': 'profile_read',
  space: 'alice',
  subject: 'alice/shop',
  tag: 'latest',
  'tags[]': 'latest',
  team: 'builders',
  'teams[]': 'builders',
  text: 'It runs on a **3.2** kernel.',
  title: 'Not Found',
  to: IMAGE,
  token_type: 'Bearer',
  user: 'bob',
  user_agent: 'docker/1.7.1 go/go1.4.2 kernel/3.2.0 os/linux arch/amd64',
  username: 'alice',
  'volumes[]': '/var/lib/shop',
  working_directory: '/srv',
};

const MOMENT = '2015-02-10T18:00:00Z';

function textOf(name: string, { format, pattern = '' }: Schema): string {
  if (format === 'date-time') return MOMENT;
  if (format === 'date') return MOMENT.slice(0, 10);
  if (pattern.startsWith('^[1-9]')) return '42';
  if (format === 'uri' || name.endsWith('url') || name === 'urls[]') return `${HOST}/`;
  return TEXTS[name] ?? 'text';
}

/** Builds examples of schemas. */
export class Examples {
  /** @param named - the schemas to which references lead, by name; more may be added later */
  constructor(private readonly named: Readonly<Record<string, unknown>>) {}

  /**
   * A value that fits a schema.
   *
   * @param name - of the field or parameter, which says what a text means
   */
  of(schema: Schema, name = ''): unknown {
    const { $ref, anyOf } = schema;
    if ($ref !== undefined) return this.of(this.named[$ref.split('/').at(-1) ?? ''] as Schema, name);
    if ('const' in schema) return schema.const;
    if (schema.enum !== undefined) return schema.enum[0];
    const chosen = anyOf?.find(({ type }) => type !== 'null');
    if (chosen !== undefined) return this.of(chosen, name);
    const type = typeof schema.type === 'object' ? schema.type.find((one) => one !== 'null') : schema.type;
    return this.ofType(type, schema, name);
  }

  private ofType(type: string | undefined, schema: Schema, name: string): unknown {
    if (type === 'object') return this.ofObject(schema);
    if (type === 'array') return schema.items === undefined ? [] : [this.of(schema.items, `${name}[]`)];
    if (type === 'string') return textOf(name, schema);
    if (type === 'integer' || type === 'number') return Math.max(schema.minimum ?? 1, 1);
    if (type === 'boolean') return name === 'is_active';
    return null;
  }

  private ofObject({ properties = {}, additionalProperties }: Schema): Record<string, unknown> {
    const entries = Object.entries(properties).map(([name, schema]) => [name, this.of(schema, name)]);
    if (entries.length > 0 || typeof additionalProperties !== 'object') return Object.fromEntries(entries) as never;
    return { name: this.of(additionalProperties, 'value') };
  }
}
