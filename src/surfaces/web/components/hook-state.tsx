import type { LinkedRemote } from '../../../features/builds/sources';
import type { View } from '../view';
import { Badge } from './page-parts';

const STATES: Record<LinkedRemote['state'], readonly [tone: 'plain' | 'good' | 'bad', text: string]> = {
  adding: ['plain', 'is being added'],
  added: ['good', 'added'],
  failed: ['bad', 'failed'],
  by_hand: ['plain', 'added by hand'],
};

/** Whether the hook and the deploy key of a linked account were added at the provider, and why not. */
export function HookState({ state, error }: Pick<LinkedRemote, 'state' | 'error'>): View {
  const [tone, text] = STATES[state];
  return (
    <>
      <Badge tone={tone}>{text}</Badge>
      {error !== undefined && <small class="hint">{error}.</small>}
    </>
  );
}
