import type { Knex } from 'knex';

/** What is being written to a bucket, or may have no row there, so that no sweep has to list the whole bucket. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table pending_writes (
      key text primary key,
      upload_id text,
      is_written boolean not null default false,
      touched_at timestamptz not null default now()
    );
    create index pending_writes_touched_at on pending_writes (touched_at);
    comment on table pending_writes is 'objects of a bucket that may have no row in blobs';
    comment on column pending_writes.upload_id is 'of the multipart upload, while it goes on';
    comment on column pending_writes.is_written is 'the object is complete; only its row may be missing';

    create table resumable_writes (
      id text primary key,
      key text not null,
      upload_id text,
      parts jsonb not null default '[]',
      tail_key text,
      tail_bytes bigint not null default 0,
      sha256 text,
      turn text,
      turn_until timestamptz,
      touched_at timestamptz not null default now()
    );
    create index resumable_writes_key on resumable_writes (key);
    create index resumable_writes_tail_key on resumable_writes (tail_key);
    comment on table resumable_writes is 'blobs that arrive in pieces, in a bucket: the parts, and then the tail';
    comment on column resumable_writes.key is 'of the object that the parts become';
    comment on column resumable_writes.parts is 'of the multipart upload: number, etag, sizeBytes';
    comment on column resumable_writes.tail_key is 'an object with the bytes after the parts';
    comment on column resumable_writes.sha256 is 'of all bytes so far, in hex; null: not known';
    comment on column resumable_writes.turn is 'of the caller that works on it, until turn_until';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table pending_writes; drop table resumable_writes');
}
