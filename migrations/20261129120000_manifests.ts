import type { Knex } from 'knex';

/**
 * The registry API v2: manifests, the blobs that a repository may use, and uploads in pieces. A tag points to an image of
 * v1, to a manifest, or to a manifest together with the image that v1 clients get for it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table blobs add column sha512 text unique check (sha512 ~ '^sha512:[0-9a-f]{128}$');
    comment on column blobs.sha512 is 'the second digest of blobs that were pushed or mounted by it';

    create table manifests (
      id bigint generated always as identity primary key,
      repository_id bigint not null references repositories on delete cascade,
      digest text not null collate "C" check (digest ~ '^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$'),
      media_type text not null,
      bytes bytea not null,
      size_bytes integer not null,
      config_digest text,
      subject text collate "C",
      artifact_type text,
      annotations jsonb,
      origin text not null default 'pushed' check (origin in ('pushed', 'synthesized')),
      created_at timestamptz not null default now(),
      tagged_at timestamptz not null default now(),
      unique (repository_id, digest)
    );
    alter table manifests alter column bytes set storage external;
    comment on column manifests.bytes is 'exactly as they were pushed';
    comment on column manifests.artifact_type is 'of an artifact: its own, or the media type of its config';
    comment on column manifests.tagged_at is 'last time that a tag pointed here, or a client pushed it; gc counts from here';
    create index manifests_subject on manifests (repository_id, subject, digest) where subject is not null;

    create table manifest_blobs (
      manifest_id bigint not null references manifests on delete cascade,
      digest text not null references blobs,
      primary key (manifest_id, digest)
    );
    create index manifest_blobs_digest on manifest_blobs (digest);

    create table manifest_children (
      parent_id bigint not null references manifests on delete cascade,
      child_digest text not null collate "C",
      primary key (parent_id, child_digest)
    );
    create index manifest_children_child on manifest_children (child_digest);

    create table repository_blobs (
      repository_id bigint not null references repositories on delete cascade,
      digest text not null references blobs,
      linked_at timestamptz not null default now(),
      primary key (repository_id, digest)
    );
    comment on table repository_blobs is 'pushed to or mounted in the repository: a manifest may use it';
    create index repository_blobs_digest on repository_blobs (digest);

    create table blob_uploads (
      id text primary key,
      repository_id bigint not null references repositories on delete cascade,
      user_id bigint references users on delete cascade,
      created_at timestamptz not null default now()
    );
    comment on column blob_uploads.id is 'of the resumable write in the blob store, which has the bytes and their state';
    create index blob_uploads_repository on blob_uploads (repository_id);
    create index blob_uploads_user on blob_uploads (user_id);

    create index repositories_full_name on repositories ((namespace || '/' || name) collate "C");

    alter table tags alter column image_id drop not null;
    alter table tags add column manifest_id bigint references manifests;
    alter table tags add check (image_id is not null or manifest_id is not null);
    comment on column tags.image_id is 'what v1 clients get; null: nothing, since the manifest has no v1 image';
    comment on column tags.manifest_id is 'null: the tag was pushed over v1';
    create index tags_manifest on tags (manifest_id) where manifest_id is not null;

    create function note_untagged() returns trigger language plpgsql as $$
    begin
      update manifests set tagged_at = now()
        where id in (select manifest_id from before where manifest_id is not null);
      return null;
    end $$;
    create trigger tags_left after update on tags referencing old table as before
      for each statement execute function note_untagged();
    create trigger tags_gone after delete on tags referencing old table as before
      for each statement execute function note_untagged();

    alter table tag_events drop constraint tag_events_check;
    alter table tag_events add column from_digest text, add column to_digest text;
    alter table tag_events add check (
      (from_image_id, from_digest) is distinct from (to_image_id, to_digest)
    );
    comment on column tag_events.from_image_id is 'null: no image of v1; with from_digest null: there was no such tag';
    comment on column tag_events.to_image_id is 'null: no image of v1; with to_digest null: the tag was deleted';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from tags where image_id is null;
    delete from tag_events where from_digest is not null or to_digest is not null;
    alter table tag_events drop column from_digest, drop column to_digest;
    alter table tag_events add check (from_image_id is distinct from to_image_id);
    drop trigger tags_left on tags;
    drop trigger tags_gone on tags;
    drop function note_untagged();
    alter table tags drop column manifest_id, alter column image_id set not null;
    drop index repositories_full_name;
    drop table blob_uploads, repository_blobs, manifest_children, manifest_blobs, manifests;
    alter table blobs drop column sha512;
  `);
}
