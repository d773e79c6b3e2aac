import { PASSWORD_CHARACTERS } from '../../../features/accounts/account-rules';
import type { View } from '../view';
import { Field } from './forms';

/** The field for a new password; its name is `password`. */
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
