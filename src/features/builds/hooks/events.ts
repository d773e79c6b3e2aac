import { z } from 'zod';
import type { WantedRef } from '../causes';
import type { HookHead, HookShape } from './signature';

/*
 * What a hook says, in the shape of each provider. Only pushes count: a pull request of a fork starts no build. Nothing
 * but the name of the ref decides: the builder fetches it, and the commit is a hint for the list of builds.
 */

/** `ping`: the provider tries the hook; `ignored`: an event that is not a push. */
export type HookEvent =
  { readonly kind: 'ping' } | { readonly kind: 'ignored' } | { readonly kind: 'push'; readonly refs: WantedRef[] };

/** A push of more refs than this is a migration of the repository. */
const REFS = 50;

const text = z.string().max(1_000_000);
const author = z.looseObject({ name: text.optional(), username: text.optional() }).nullish();
const commit = z.looseObject({ id: text, message: text.nullish(), author });

const githubPush = z.looseObject({
  ref: text,
  after: text.nullish(),
  deleted: z.boolean().nullish(),
  head_commit: commit.nullish(),
  commits: z.array(commit).nullish(),
});

const gitlabPush = z.looseObject({
  ref: text,
  after: text.nullish(),
  checkout_sha: text.nullish(),
  commits: z.array(commit).nullish(),
});

const bitbucketPush = z.looseObject({
  push: z.looseObject({
    changes: z.array(
      z.looseObject({
        new: z
          .looseObject({
            type: text,
            name: text,
            target: z.looseObject({
              hash: text,
              message: text.nullish(),
              author: z.looseObject({ raw: text.nullish() }).nullish(),
            }),
          })
          .nullish(),
      }),
    ),
  }),
});

const bitbucketServerPush = z.looseObject({
  changes: z.array(z.looseObject({ ref: z.looseObject({ id: text }), toHash: text.nullish(), type: text.nullish() })),
});

const ZEROS = /^0+$/;
const HASH = /^[0-9a-f]{40,64}$/;

/** A ref by its full name; undefined for what is neither a branch nor a tag. */
function refOf(fullName: string, known: WantedRef['commit']): WantedRef[] {
  const [, kind = '', name = ''] = /^refs\/(heads|tags)\/(.+)$/.exec(fullName) ?? [];
  return name === '' ? [] : [{ type: kind === 'heads' ? 'branch' : 'tag', name, commit: known }];
}

/** The commit of a ref, unless the sender says nothing that could be one. */
function commitOf(hash: string | null | undefined, told?: z.infer<typeof commit> | null): WantedRef['commit'] {
  if (hash === null || hash === undefined || !HASH.test(hash)) return undefined;
  const isTold = told?.id === hash;
  return { hash, message: (isTold && told.message) || '', author: (isTold && told.author?.name) || '' };
}

function githubRefs(body: unknown): WantedRef[] {
  const { ref, after, deleted, head_commit: head, commits } = githubPush.parse(body);
  if (deleted === true || ZEROS.test(after ?? 'x')) return [];
  return refOf(ref, commitOf(head?.id ?? after, head ?? commits?.at(-1)));
}

function giteaRefs(body: unknown): WantedRef[] {
  const { ref, after, head_commit: head, commits } = githubPush.parse(body);
  if (ZEROS.test(after ?? 'x')) return [];
  const told = head ?? commits?.find(({ id }) => id === after);
  return refOf(ref, commitOf(after, told));
}

function gitlabRefs(body: unknown): WantedRef[] {
  const { ref, after, checkout_sha: hash, commits } = gitlabPush.parse(body);
  if (ZEROS.test(after ?? 'x') || hash === null) return [];
  const told = commits?.find(({ id }) => id === hash);
  return refOf(ref, commitOf(hash ?? after, told));
}

function bitbucketRefs(body: unknown): WantedRef[] {
  return bitbucketPush.parse(body).push.changes.flatMap(({ new: now }) => {
    if (now === null || now === undefined || (now.type !== 'branch' && now.type !== 'tag')) return [];
    const { hash, message, author: by } = now.target;
    const name = by?.raw?.replace(/\s*<[^>]*>\s*$/, '') ?? '';
    const known = commitOf(hash, { id: hash, message: message ?? '', author: { name } });
    return [{ type: now.type, name: now.name, commit: known }];
  });
}

function bitbucketServerRefs(body: unknown): WantedRef[] {
  const { changes } = bitbucketServerPush.parse(body);
  const kept = changes.filter(({ type, toHash }) => type !== 'DELETE' && !ZEROS.test(toHash ?? 'x'));
  return kept.flatMap(({ ref, toHash }) => refOf(ref.id, commitOf(toHash)));
}

const REFS_OF: Record<HookShape, (body: unknown) => WantedRef[]> = {
  github: githubRefs,
  gitea: giteaRefs,
  gitlab: gitlabRefs,
  bitbucket: bitbucketRefs,
  'bitbucket-server': bitbucketServerRefs,
};

const PUSHES: Record<HookShape, readonly (string | undefined)[]> = {
  // A script without the headers of a provider sends a push.
  github: ['push', undefined],
  gitea: ['push'],
  gitlab: ['Push Hook', 'Tag Push Hook', 'System Hook'],
  bitbucket: ['repo:push'],
  'bitbucket-server': ['repo:refs_changed'],
};

const PINGS: readonly (string | undefined)[] = ['ping', 'diagnostics:ping'];

/**
 * Reads what a genuine hook says.
 *
 * @param body - the JSON of the hook
 * @returns undefined when the body does not have the shape of its provider
 */
export function readEvent({ shape, event }: HookHead, body: unknown): HookEvent | undefined {
  if (PINGS.includes(event)) return { kind: 'ping' };
  if (!PUSHES[shape].includes(event)) return { kind: 'ignored' };
  try {
    return { kind: 'push', refs: REFS_OF[shape](body).slice(0, REFS) };
  } catch (error) {
    if (error instanceof z.ZodError) return undefined;
    throw error;
  }
}
