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
      hint={`${PASSWORD_CHARACTERS} characters or more. The longer, the better.`}
    />
  );
}
