import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export type Provider = (typeof PROVIDERS)[number];
export const PROVIDERS = ['git', 'github', 'gitlab', 'bitbucket', 'bitbucket-server', 'gitea'] as const;

export interface SourceRow {
  id: number;
  repository_id: number;
  provider: Provider;
  clone_url: string;
  credential_kind: 'deploy_key' | 'token' | null;
  public_key: string | null;
  hook_id: string;
  syncs_description: boolean;
  mails_failures: boolean;
  allows_network: boolean;
  build_arguments: Record<string, string>;
  secret_names: string[];
  schedule: string | null;
  scheduled_at: Date | null;
  dockerfile: string | null;
  created_by: string | null;
  /** the repository of a linked account that it is */
  remote: {
    login: string;
    full_name: string;
    state: 'adding' | 'added' | 'failed' | 'by_hand';
    error: string | null;
  } | null;
  created_at: Date;
  updated_at: Date;
}

/** All columns except the secrets. */
const COLUMNS = `s.id, s.repository_id, s.provider, s.clone_url, s.credential_kind, s.public_key, s.hook_id,
  s.syncs_description, s.mails_failures, s.allows_network, s.build_arguments, s.secret_names, s.schedule, s.scheduled_at,
  s.dockerfile,
  (select u.username from users u where u.id = s.created_by) as created_by, s.created_at, s.updated_at,
  (select json_build_object('login', a.login, 'full_name', m.full_name, 'state', m.state, 'error', m.error)
   from build_remotes m join linked_accounts a on a.id = m.linked_account_id where m.source_id = s.id) as remote`;

/** The source of a repository. */
export async function find(db: Db, repositoryId: number): Promise<SourceRow | undefined> {
  const text = `select ${COLUMNS} from build_sources s where s.repository_id = $1`;
  return (await query<SourceRow>(db, text, [repositoryId]))[0];
}

/** The id of a new source: its secrets are sealed for it before it is inserted. */
export async function nextId(tx: Db): Promise<number> {
  const text = `select nextval(pg_get_serial_sequence('build_sources', 'id')) as id`;
  const [row] = await query<{ id: number }>(tx, text);
  if (row === undefined) throw new Error('a sequence returned no row');
  return row.id;
}

export interface CredentialValues {
  readonly kind: 'deploy_key' | 'token';
  readonly sealed: Buffer;
  readonly publicKey: string | undefined;
}

export interface NewSourceRow {
  readonly id: number;
  readonly repositoryId: number;
  readonly provider: Provider;
  readonly cloneUrl: string;
  readonly credential: CredentialValues | undefined;
  readonly hookId: string;
  readonly sealedHookSecret: Buffer;
  readonly syncsDescription: boolean;
  readonly createdBy: number | undefined;
}

/** @returns false when the repository has a source */
export async function insert(tx: Db, source: NewSourceRow): Promise<boolean> {
  const rows = await query(
    tx,
    `insert into build_sources (id, repository_id, provider, clone_url, credential_kind, sealed_credential, public_key,
       hook_id, sealed_hook_secret, syncs_description, created_by)
     overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (repository_id) do nothing returning 1`,
    [
      source.id,
      source.repositoryId,
      source.provider,
      source.cloneUrl,
      source.credential?.kind ?? null,
      source.credential?.sealed ?? null,
      source.credential?.publicKey ?? null,
      source.hookId,
      source.sealedHookSecret,
      source.syncsDescription,
      source.createdBy ?? null,
    ],
  );
  return rows.length > 0;
}

/** Changes to a source; undefined fields stay as they are. */
export interface SourceValues {
  readonly provider?: Provider | undefined;
  readonly cloneUrl?: string | undefined;
  readonly syncsDescription?: boolean | undefined;
  readonly mailsFailures?: boolean | undefined;
  readonly allowsNetwork?: boolean | undefined;
  /** the account that changes it, whose rights its builds have from now on; undefined: that stays */
  readonly by: number | undefined;
}

export async function update(tx: Db, id: number, values: SourceValues): Promise<void> {
  await query(
    tx,
    `update build_sources set provider = coalesce($2, provider), clone_url = coalesce($3, clone_url),
       syncs_description = coalesce($4, syncs_description), allows_network = coalesce($5, allows_network),
       created_by = coalesce($6, created_by), mails_failures = coalesce($7, mails_failures), updated_at = now()
     where id = $1`,
    [
      id,
      values.provider ?? null,
      values.cloneUrl ?? null,
      values.syncsDescription ?? null,
      values.allowsNetwork ?? null,
      values.by ?? null,
      values.mailsFailures ?? null,
    ],
  );
}

/** Replaces the credential. @param credential - undefined: the source is public */
export async function setCredential(tx: Db, id: number, credential: CredentialValues | undefined): Promise<void> {
  await query(
    tx,
    'update build_sources set credential_kind = $2, sealed_credential = $3, public_key = $4 where id = $1',
    [id, credential?.kind ?? null, credential?.sealed ?? null, credential?.publicKey ?? null],
  );
}

/** Replaces the URL and the secret of hooks. */
export async function setHook(tx: Db, id: number, hookId: string, sealedSecret: Buffer): Promise<void> {
  await query(tx, 'update build_sources set hook_id = $2, sealed_hook_secret = $3 where id = $1', [
    id,
    hookId,
    sealedSecret,
  ]);
}

/** Ends the builds of a source: those that wait at once, the running one by its builder. */
export async function endBuilds(tx: Db, id: number): Promise<void> {
  await query(
    tx,
    `update builds set state = 'cancelled', error = 'The source of the repository was removed', finished_at = now()
     where source_id = $1 and state = 'queued'`,
    [id],
  );
  await query(
    tx,
    `update builds set cancel_requested_at = coalesce(cancel_requested_at, now())
     where source_id = $1 and state = 'building'`,
    [id],
  );
}

export async function remove(tx: Db, id: number): Promise<void> {
  await query(tx, 'delete from build_sources where id = $1', [id]);
}

/** Marks a repository as automated, or as an ordinary one again. */
export async function setAutomated(tx: Db, repositoryId: number, isAutomated: boolean): Promise<void> {
  await query(tx, 'update repositories set is_automated = $2 where id = $1', [repositoryId, isAutomated]);
}
