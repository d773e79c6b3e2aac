import { PASSWORD_CHARACTERS } from '../../../features/accounts/account-rules';
import type { View } from '../view';
import { Field } from './forms';

/** Where somebody chooses a password; the field is called `password`. */
export function NewPasswordField({ label }: { readonly label: string }): View {
  return (
    <Field
      label={label}
      name="password"
      type="password"
      required
      minlength={PASSWORD_CHARACTERS}
      autocomplete="new-password"
      hint={`At least ${PASSWORD_CHARACTERS} characters. Longer is better.`}
    />
  );
}
