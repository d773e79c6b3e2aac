import type { AppliedRetention } from '../../../features/retention/policies';
import { rulesText } from '../../../features/retention/reasons';
import { checkRules, type RetentionRules } from '../../../features/retention/rules';
import type { Reply } from '../../../platform/http/exchange';
import type { WebExchange } from '../access';
import { attempt, naming, type Fault } from '../problems';
import { redirect } from '../reply';
import { assertVersion, VERSION } from '../version';
import { rulesIn, typedIn, versionFor, type TypedRules } from './retention-form';
import { queryOf } from './retention-query';

/* What the forms on the page of a policy do, of a repository or of a namespace. */

type Exchange = Pick<WebExchange<'member-form'>, 'caller'>;

/** What the page shows instead of the policy: what was typed, the version that it is about, and what is wrong. */
export interface ShownRules {
  readonly typed?: TypedRules;
  readonly version?: string;
  readonly fault?: Fault | undefined;
}

/**
 * Saves the rules of a form, or tries them without saving.
 *
 * @param policy.path - of its page
 * @param policy.save - gets the checked rules, and throws what `assertCurrent` throws
 * @param policy.show - the page again, with what is wrong
 */
export async function postRules(
  { caller }: Exchange,
  policy: {
    readonly path: string;
    readonly save: (rules: RetentionRules, assertCurrent: (now: AppliedRetention) => void) => Promise<unknown>;
    readonly show: (shown: ShownRules) => Promise<Reply>;
  },
): Promise<Reply> {
  const { path } = policy;
  const { form } = caller;
  const typed = typedIn(form);
  const isTrial = form.text('step') === 'try';
  const { done: rules, fault } = await attempt(async () => {
    const checked = checkRules(rulesIn(typed));
    if (!isTrial) await policy.save(checked, (now) => assertVersion(form, versionFor(now)));
    return checked;
  });
  if (fault !== undefined) {
    const kept = fault.status === 409 ? {} : { version: form.text(VERSION) };
    return policy.show({ typed, fault, ...kept });
  }
  if (isTrial) return redirect(caller, `${path}?${new URLSearchParams(queryOf(rules)).toString()}`);
  return redirect(caller, path, { notice: `Policy saved. ${rulesText(rules)}` });
}

/** Removes a policy, and goes back to its page. */
export async function postRemoval({ caller }: Exchange, path: string, remove: () => Promise<void>): Promise<Reply> {
  const { fault } = await attempt(() => naming(remove));
  if (fault !== undefined) return redirect(caller, path, { notice: { text: fault.text, kind: 'problem' } });
  return redirect(caller, path, { notice: 'The policy was removed.' });
}
