import { z } from 'zod';
import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { hashSecret, isSecret, newSecret } from '../../platform/secrets';
import { recordEvent } from '../audit/audit';
import type { AdministeredRepository } from '../repositories/access';
import { lockAdministered } from '../repositories/get-repository';
import { displayName, fullName } from '../repositories/names';
import { noSource } from './no-source';
import { queueWanted, type StartRequest } from './starting';
import { find as findSource } from './sources.store';
import * as store from './triggers.store';

/*
 * The trigger URL of the Hub (docker-hub/builds): a POST to it builds, without other credentials. One build of it waits
 * at most, and one is started in five minutes; other calls are ignored, and answered in the same way.
 */

const MINUTES = 5;
const CALLS = 10;

/** The trigger of a repository. Its URL is shown only when it is created. */
export interface Trigger {
  readonly createdAt: Date;
  /** the last ten calls, the newest first */
  readonly calls: readonly {
    readonly at: Date;
    readonly address: string;
    /** what was asked for, in words */
    readonly asked: string;
    readonly outcome: TriggerOutcome;
  }[];
}

export type TriggerOutcome = 'started' | 'pending' | 'too_often' | 'nothing';

async function sourceId(db: Db, { id }: AdministeredRepository): Promise<number> {
  const source = await findSource(db, id);
  if (source === undefined) throw noSource();
  return source.id;
}

async function recordChange(tx: Db, repository: AdministeredRepository, to: string): Promise<void> {
  const subject = displayName(repository);
  await recordEvent(tx, repository.doer, { action: 'build.trigger_changed', subject, details: { to } });
}

/**
 * Creates the trigger of a repository; the URL of the one before ends.
 *
 * @returns the URL, which is not shown again
 * @throws AppError `not_found` without a source, as `lockAdministered`
 */
export async function createTrigger(
  ctx: Needs<'db' | 'publicUrl'>,
  repository: AdministeredRepository,
): Promise<{ readonly url: string }> {
  const secret = newSecret();
  return inTransaction(ctx.db, async (tx) => {
    const locked = await lockAdministered(tx, repository);
    await store.upsert(tx, await sourceId(tx, locked), hashSecret(secret));
    await recordChange(tx, locked, 'a new URL');
    return { url: ctx.publicUrl.of(`/u/${fullName(locked)}/trigger/${secret}/`) };
  });
}

/** Removes the trigger of a repository. @throws AppError `not_found`, as `lockAdministered` */
export async function removeTrigger(ctx: Needs<'db'>, repository: AdministeredRepository): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const locked = await lockAdministered(tx, repository);
    if (!(await store.remove(tx, await sourceId(tx, locked)))) throw new AppError('not_found', 'There is no trigger');
    await recordChange(tx, locked, 'none');
  });
}

/** The trigger of a repository; undefined: none. @throws AppError `not_found` without a source */
export async function getTrigger(ctx: Needs<'db'>, repository: AdministeredRepository): Promise<Trigger | undefined> {
  const id = await sourceId(ctx.db, repository);
  const createdAt = await store.findCreatedAt(ctx.db, id);
  if (createdAt === undefined) return undefined;
  const calls = await store.listCalls(ctx.db, id, CALLS);
  return { createdAt, calls: calls.map((call) => ({ ...call, outcome: call.outcome as TriggerOutcome })) };
}

const isTrue = z.union([z.literal(true), z.literal('true'), z.literal('1'), z.literal(1)]);
const asked = z.union([
  z.object({ source_type: z.enum(['Branch', 'Tag', 'branch', 'tag']), source_name: z.string().min(1).max(255) }),
  z.object({ docker_tag: z.string().min(1).max(128) }),
  z.object({ build: isTrue }),
]);

/** What a body asks for. @param body - an object, of JSON or of a form */
function requestIn(body: unknown): StartRequest | undefined {
  const { data } = asked.safeParse(body);
  if (data === undefined) return undefined;
  if ('docker_tag' in data) return { kind: 'tag', tag: data.docker_tag };
  if ('build' in data) return { kind: 'all' };
  return { kind: 'ref', type: data.source_type.toLowerCase() === 'tag' ? 'tag' : 'branch', name: data.source_name };
}

function inWords(request: StartRequest): string {
  if (request.kind === 'ref') return `${request.type} ${request.name}`;
  return request.kind === 'tag' ? `docker tag ${request.tag}` : 'all';
}

/**
 * Takes a call of a trigger URL.
 *
 * @param call.secret - from the URL, whose repository may have another name by now
 * @param call.body - reads the body as an object; called only for a trigger that exists
 * @throws AppError `not_found` for an unknown URL, `invalid` when the body asks for nothing
 */
export async function takeTrigger(
  ctx: Needs<'db'>,
  call: {
    readonly secret: string;
    readonly address: string;
    readonly body: () => Promise<unknown>;
  },
): Promise<TriggerOutcome> {
  const found = isSecret(call.secret) ? await store.findBySecret(ctx.db, hashSecret(call.secret)) : undefined;
  if (found === undefined) throw new AppError('not_found', 'There is no such trigger');
  const request = requestIn(await call.body());
  if (request === undefined)
    throw new AppError('invalid', 'Send build=true, docker_tag, or source_type and source_name');
  const source = { id: found.source_id, repositoryId: found.repository_id };
  const asking: { refusal?: 'pending' | 'too_often' | undefined } = {};
  const mayQueue = async (tx: Db): Promise<boolean> => {
    asking.refusal = await store.lockAndAsk(tx, source.id, MINUTES);
    return asking.refusal === undefined;
  };
  const ids = await queueWanted(ctx, source, { request, cause: { kind: 'trigger' } }, { mayQueue });
  const outcome = asking.refusal ?? (ids.length === 0 ? 'nothing' : 'started');
  const { address } = call;
  await store.recordCall(ctx.db, source.id, { address, asked: inWords(request), outcome }, CALLS);
  return outcome;
}
