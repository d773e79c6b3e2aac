/*
 * The lock order. A rule about the last one of something, or about how many there may be, is decided while the rows
 * that it counts are locked. If they were read first and locked later, another transaction could change them in
 * between. Transactions take their locks in this order, and within a table by ascending key, so that they cannot
 * deadlock:
 *
 *   1. users         every administrator together with the accounts in question (`lockAccounts`)
 *   2. teams         of owners (`namespaces/owners.store.ts`)
 *   3. repositories  (`repositories/repositories.store.ts`)
 *   4. namespaces    whose private repositories are counted, or that is deleted (`namespaces/plans.store.ts`)
 *   5. everything that belongs to one of these
 *
 * Locks are `for no key update`: they exclude each other, but do not block a row that only refers to the locked one,
 * such as a session.
 */

export { activeAdminExists, updateStatus } from './user-list.store';
export { lockAccount, lockAccounts, type LockedAccount } from './locks.store';
export { deleteAccount, deleteNamespaceOf } from './users.store';
