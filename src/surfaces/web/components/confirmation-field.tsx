import type { View } from '../view';
import { Field } from './forms';

/** The field in which the name of what will be deleted has to be typed. */
export function ConfirmationField({
  label,
  expects,
  value,
}: {
  readonly label: string;
  /** the name */
  readonly expects: string;
  readonly value?: string;
}): View {
  const hint = (
    <>
      Type <code>{expects}</code> to confirm.
    </>
  );
  return (
    <Field label={label} name="confirmation" value={value} required autocomplete="off" expects={expects} hint={hint} />
  );
}
