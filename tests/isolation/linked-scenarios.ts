import type { Scenario } from './scenarios';
import type { Stage } from './stage';

/* What changes of linked accounts need: an account. */

/** Links an account of alice at a provider. @returns its number */
async function linkedAccount({ server }: Stage): Promise<string> {
  const { db } = server.ctx;
  const alice = await db('users').where({ username: 'alice' }).first<{ id: number }>('id');
  const account = { user_id: alice.id, provider: 'github', base_url: 'https://github.com', remote_id: '1' };
  const rows = await db('linked_accounts')
    .insert({ ...account, login: 'alice-there', access: 'full', sealed_tokens: Buffer.alloc(0) })
    .returning<{ id: number }[]>('id');
  return String(rows[0]?.id);
}

export const LINKED_SCENARIOS: Readonly<Record<string, (stage: Stage) => Promise<Scenario>>> = {
  'DELETE /api/v1.1/users/:username/linked-accounts/:id/': async (stage) => ({
    params: { id: await linkedAccount(stage) },
  }),
  'POST /account/linked/unlink/': async (stage) => ({ fields: { id: await linkedAccount(stage) } }),
};
