import { usernameRule } from '../../../features/accounts/account-rules';
import type { View } from '../view';
import { Field } from './forms';

/**
 * The field for the name of a new account, with the rule for it.
 *
 * @param note - sentences after the rule
 */
export function UsernameField({
  hubLimits,
  value,
  autocomplete,
  note,
}: {
  readonly hubLimits: boolean;
  readonly value: string | undefined;
  readonly autocomplete: 'username' | 'off';
  readonly note?: string;
}): View {
  const { min, max, pattern, words } = usernameRule(hubLimits);
  return (
    <Field
      label="Username"
      name="username"
      value={value}
      required
      minlength={min}
      maxlength={max}
      pattern={pattern}
      autocomplete={autocomplete}
      hint={[`${words}.`, ...(note === undefined ? [] : [note])].join(' ')}
    />
  );
}
