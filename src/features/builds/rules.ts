import path from 'node:path';
import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError, fieldError } from '../../platform/errors';
import { recordEvent, type Doer } from '../audit/audit';
import type { AdministeredRepository, ReadableRepository } from '../repositories/access';
import { lockAdministered } from '../repositories/get-repository';
import { displayName } from '../repositories/names';
import type { RefType } from './builds.store';
import { isRefPattern } from './rule-pattern';
import * as store from './rules.store';
import { noSource } from './no-source';
import * as sources from './sources.store';
import { isTagTemplate } from './tag-template';

/** The most rules of a source, and how long their texts may be. */
export const RULE_LIMITS = { perSource: 50, pathCharacters: 255 } as const;

/** Which refs of a source are built from which Dockerfile, and the tag that they become. */
export interface NewRule {
  readonly refType: RefType;
  /** a name, a name with `*` and `?`, or a regular expression between slashes */
  readonly refPattern: string;
  /** from the root of the source; a folder stands for the Dockerfile in it */
  readonly dockerfilePath: string;
  /** undefined: the folder of the Dockerfile */
  readonly contextPath?: string | undefined;
  /** with `{ref}` and `{sha}` */
  readonly tag: string;
}

/** A rule that was saved. */
export interface BuildRule extends NewRule {
  readonly id: number;
  readonly contextPath: string;
}

/** The rules of a new source, as the Hub had them. */
export const DEFAULT_RULES: readonly NewRule[] = [
  { refType: 'branch', refPattern: 'master', dockerfilePath: 'Dockerfile', tag: 'latest' },
];

export function ruleFrom(row: store.RuleRow): BuildRule {
  return {
    id: row.id,
    refType: row.ref_type,
    refPattern: row.ref_pattern,
    dockerfilePath: row.dockerfile_path,
    contextPath: row.context_path,
    tag: row.tag,
  };
}

function refuse(field: string, message: string): never {
  throw fieldError('invalid', field, message);
}

/** A path within the source without a slash at either end; the root is empty. */
function checkPath(field: string, text: string): string {
  const isPlain = !/[\p{Cc}\\]/u.test(text) && text.length <= RULE_LIMITS.pathCharacters;
  if (!isPlain || text.split('/').includes('..'))
    refuse(field, 'Enter a path from the root of the source, without .. and backslashes');
  return path.posix.normalize(`/${text}`).replaceAll(/^\/+|\/+$/g, '');
}

/** The Hub asked for a folder: a path that ends with a slash is one. */
function dockerfileAt(text: string): string {
  const given = checkPath('dockerfile_path', text);
  const isFolder = text.endsWith('/') || given === '';
  return isFolder ? path.posix.join(given, 'Dockerfile') : given;
}

/**
 * Checks a rule.
 *
 * @returns its columns
 * @throws AppError `invalid` with the field that is wrong
 */
async function checkRule(tx: Db, rule: NewRule): Promise<Omit<store.RuleRow, 'id'>> {
  if (!(await isRefPattern(tx, rule.refPattern)))
    refuse(
      'ref_pattern',
      'Enter the name of a branch or tag, a name with * and ?, or a regular expression between slashes',
    );
  if (!isTagTemplate(rule.tag))
    refuse(
      'tag',
      'Enter a tag: letters, digits, _, . and -, at most 128 of them, with {ref} and {sha} where you want them',
    );
  const dockerfilePath = dockerfileAt(rule.dockerfilePath);
  const folder = path.posix.dirname(dockerfilePath);
  const contextPath = rule.contextPath === undefined ? folder : checkPath('context_path', rule.contextPath);
  return {
    ref_type: rule.refType,
    ref_pattern: rule.refPattern,
    dockerfile_path: dockerfilePath,
    context_path: contextPath === '' || contextPath === '.' ? '/' : contextPath,
    tag: rule.tag,
  };
}

/** A rule to save: one that is there, or a new one without an id. */
export type RuleToSave = NewRule & { readonly id?: number | undefined };

/** Saves the rules of a source that the caller has locked. */
export async function saveRules(
  tx: Db,
  sourceId: number,
  rules: readonly RuleToSave[],
  by: { readonly doer: Doer; readonly subject: string },
): Promise<void> {
  if (rules.length > RULE_LIMITS.perSource)
    refuse('rules', `A repository can have at most ${RULE_LIMITS.perSource} build rules`);
  const rows = [];
  for (const rule of rules) rows.push({ id: rule.id, ...(await checkRule(tx, rule)) });
  await store.deleteOthers(
    tx,
    sourceId,
    rows.flatMap(({ id }) => id ?? []),
  );
  for (const [position, { id, ...row }] of rows.entries()) {
    if (id === undefined) await store.insert(tx, sourceId, position, row);
    else if (!(await store.update(tx, sourceId, position, { id, ...row })))
      throw new AppError('not_found', 'Build rule not found');
  }
  await recordEvent(tx, by.doer, {
    action: 'build.rules_changed',
    subject: by.subject,
    details: { rules: rules.length },
  });
}

/** The build rules of a repository, in their order; empty without a source. */
export async function listRules(ctx: Needs<'db'>, repository: ReadableRepository): Promise<BuildRule[]> {
  return (await store.listOfRepository(ctx.db, repository.id)).map(ruleFrom);
}

/** Changes the rules of a repository that is locked, by what is done with the list of them. */
async function changeRules(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  change: (rules: readonly BuildRule[]) => readonly RuleToSave[],
): Promise<BuildRule[]> {
  return inTransaction(ctx.db, async (tx) => {
    const { id, doer } = await lockAdministered(tx, repository);
    const source = await sources.find(tx, id);
    if (source === undefined) throw noSource();
    const rules = change((await store.list(tx, source.id)).map(ruleFrom));
    await saveRules(tx, source.id, rules, { doer, subject: displayName(repository) });
    return (await store.list(tx, source.id)).map(ruleFrom);
  });
}

/**
 * Replaces the build rules of a repository. Rules with an id stay the same ones, so that their builds belong to them;
 * those that are missing are deleted.
 *
 * @throws AppError `invalid`, `not_found` without a source or for the id of no rule; as `lockAdministered`
 */
export async function setRules(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  rules: readonly RuleToSave[],
): Promise<BuildRule[]> {
  return changeRules(ctx, repository, () => rules);
}

/** Adds a build rule after the others. @throws AppError as `setRules` */
export async function addRule(ctx: Needs<'db'>, repository: AdministeredRepository, rule: NewRule): Promise<void> {
  await changeRules(ctx, repository, (rules) => [...rules, rule]);
}

/**
 * Changes or deletes one build rule.
 *
 * @param to - undefined: it is deleted, and builds that wait for it end
 * @param assertCurrent - gets the locked rule, and throws if it is not the one that the caller wants to change
 * @throws AppError as `setRules`, and what `assertCurrent` throws
 */
export async function changeRule(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  ruleId: number,
  to: NewRule | undefined,
  assertCurrent: (rule: BuildRule) => void = () => undefined,
): Promise<void> {
  await changeRules(ctx, repository, (rules) => {
    const current = rules.find(({ id }) => id === ruleId);
    if (current === undefined) throw new AppError('not_found', 'Build rule not found');
    assertCurrent(current);
    return rules.flatMap((rule) => (rule.id === ruleId ? (to === undefined ? [] : [{ ...to, id: ruleId }]) : [rule]));
  });
}
