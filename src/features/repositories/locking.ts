import type { Db } from '../../platform/db/db';
import type { RepositoryName } from '../access/actor';
import * as store from './repositories.store';

/*
 * Functions for pushes and tags that lock the row of a repository, and mark it as active. The locks end with the
 * transaction. For the order of locks see `accounts/locks.ts`.
 */

/**
 * Keeps a repository from being deleted.
 *
 * @param isRemote - whether it must be a repository of another index
 * @returns the repository's id; undefined when it does not exist or is being deleted
 */
export async function lockForPush(tx: Db, name: RepositoryName, isRemote = false): Promise<number | undefined> {
  return store.lockForPush(tx, name, isRemote);
}

/** Keeps others from changing a repository or its tags. */
export async function lockRepository(tx: Db, repositoryId: number): Promise<void> {
  await store.lockRepository(tx, repositoryId);
}

/**
 * Keeps others from changing a repository or its tags.
 *
 * @returns false when the repository is gone or being deleted
 */
export async function lockUnlessDeleted(tx: Db, repositoryId: number): Promise<boolean> {
  return (await store.lockVisibility(tx, repositoryId)) !== undefined;
}

/** Keeps others from changing all repositories of a namespace. */
export async function lockRepositories(tx: Db, namespace: string): Promise<void> {
  await store.lockRepositories(tx, namespace);
}

/**
 * Marks a repository as active, after a push ended or a tag was copied to it.
 *
 * @returns false when the repository is gone or being deleted
 */
export async function markActive(tx: Db, repositoryId: number): Promise<boolean> {
  return store.markActive(tx, repositoryId);
}

/** Creates a repository of another index, and a namespace for it, unless there is one with the name. */
export async function createRemoteRepository(tx: Db, name: RepositoryName): Promise<void> {
  await store.insertRemoteRepository(tx, name);
}
