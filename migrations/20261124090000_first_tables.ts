import type { Knex } from 'knex';

/**
 * The first tables. Facts are kept by keys and checks, not by code that looks before it writes:
 *
 *   users 1─* emails          namespaces 1─* repositories 1─* repository_images *─1 image_contents *─1 blobs
 *     └────── owns ──────────────┘               ├─* tags ──────────┘
 *                                                └─* uploads (attempts in flight) ─────────────────1 blobs
 *
 * `repository_images.content_id` is null while an image is only announced; once set it is never changed.
 * A blob row exists only after its bytes are safe (bytes first, row second).
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create extension if not exists pg_trgm;

    create table settings (
      key text primary key,
      value text not null
    );

    create table users (
      id bigint generated always as identity primary key,
      username text not null unique check (username = lower(username)),
      password_hash text not null,
      credentials_epoch integer not null default 0,
      is_active boolean not null default true,
      is_admin boolean not null default false,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    comment on column users.credentials_epoch is 'raised by every password change; older tokens end';

    create table emails (
      id bigint generated always as identity primary key,
      user_id bigint not null references users on delete cascade,
      email text not null,
      is_primary boolean not null default false,
      verified_at timestamptz,
      created_at timestamptz not null default now()
    );
    create unique index emails_email_key on emails (lower(email));
    create unique index emails_primary_key on emails (user_id) where is_primary;
    create index emails_user on emails (user_id);

    create table namespaces (
      name text primary key,
      kind text not null check (kind in ('library', 'user', 'organization')),
      owner_id bigint references users,
      created_at timestamptz not null default now(),
      check ((kind = 'user') = (owner_id is not null))
    );
    create index namespaces_owner on namespaces (owner_id);
    insert into namespaces (name, kind) values ('library', 'library');

    create table repositories (
      id bigint generated always as identity primary key,
      namespace text not null references namespaces on update cascade,
      name text not null,
      state text not null default 'initialized' check (state in ('initialized', 'active', 'deleting')),
      is_private boolean not null default false,
      is_automated boolean not null default false,
      description text not null default '',
      full_description text not null default '',
      star_count integer not null default 0,
      delete_nonce text,
      deleting_since timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      search_text text not null generated always as (
        lower(case namespace when 'library' then '' else namespace || '/' end || name || ' ' || description)
      ) stored,
      unique (namespace, name),
      check ((state = 'deleting') = (deleting_since is not null))
    );
    comment on column repositories.delete_nonce is 'of the one delete token that is still good; null once it was used';
    create index repositories_search on repositories using gin (search_text gin_trgm_ops);
    create index repositories_rank on repositories (star_count desc, namespace, name);
    create index repositories_deleting on repositories (deleting_since) where state = 'deleting';

    create table blobs (
      digest text primary key check (digest ~ '^sha256:[0-9a-f]{64}$'),
      size_bytes bigint not null,
      storage_key text not null unique,
      created_at timestamptz not null default now(),
      referenced_at timestamptz not null default now()
    );
    comment on column blobs.referenced_at is 'last time that somebody was about to point here; gc keeps its distance';

    create table image_contents (
      id bigint generated always as identity primary key,
      image_id text not null,
      parent_id text,
      json bytea not null,
      json_digest text not null,
      layer_digest text not null references blobs,
      layer_size_bytes bigint not null,
      payload_checksum text not null,
      completed_at timestamptz not null default now(),
      unique (image_id, json_digest, layer_digest)
    );
    create index image_contents_layer on image_contents (layer_digest);

    create table repository_images (
      id bigint generated always as identity primary key,
      repository_id bigint not null references repositories on delete cascade,
      image_id text not null,
      content_id bigint references image_contents,
      depth smallint,
      checksum text,
      announced_at timestamptz not null default now(),
      unique (repository_id, image_id),
      check ((content_id is null) = (depth is null))
    );
    comment on column repository_images.depth is 'how many images the chain has from here down to the base, itself included';
    comment on column repository_images.checksum is 'as an image list announced it';
    create index repository_images_image on repository_images (image_id);
    create index repository_images_content on repository_images (content_id);

    create table uploads (
      id bigint generated always as identity primary key,
      repository_id bigint not null references repositories on delete cascade,
      image_id text not null,
      uploader text not null,
      parent_id text,
      depth smallint not null,
      json bytea not null,
      json_digest text not null,
      layer_digest text references blobs,
      layer_size_bytes bigint,
      payload_checksum text,
      openings integer not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      unique (repository_id, image_id, uploader)
    );
    comment on column uploads.openings is 'how many pushes of this uploader have it open';
    create index uploads_layer on uploads (layer_digest);
    create index uploads_updated on uploads (updated_at);

    create table tags (
      repository_id bigint not null references repositories on delete cascade,
      name text not null collate "C",
      image_id text not null,
      engine jsonb not null default '{}',
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      primary key (repository_id, name),
      foreign key (repository_id, image_id) references repository_images (repository_id, image_id)
    );
    comment on column tags.engine is 'what the pusher said of itself in its User-Agent';
    create index tags_image on tags (repository_id, image_id);

    create table repository_openings (
      caller text not null,
      repository_id bigint not null references repositories on delete cascade,
      opened_at timestamptz not null default now(),
      primary key (caller, repository_id)
    );
    comment on table repository_openings is 'which repository a caller opened last, for image requests without a token';
    create index repository_openings_repository on repository_openings (repository_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table repository_openings, tags, uploads, repository_images, image_contents, blobs, repositories, namespaces,
      emails, users, settings;
    drop extension if exists pg_trgm;
  `);
}
