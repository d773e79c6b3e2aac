import type { Children, View } from '../view';
import type { Visitor } from '../visitor';
import { Form } from './forms';

/* Buttons that send small forms of their own. */

interface ActProps {
  readonly visitor: Visitor;
  readonly action: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** for screen readers, if several buttons have the same text */
  readonly label?: string;
}

function labelled(label: string | undefined): { 'aria-label'?: string } {
  return label === undefined ? {} : { 'aria-label': label };
}

function SmallForm({
  visitor,
  action,
  fields = {},
  class: className,
  label,
  children,
}: ActProps & { readonly class: string; readonly children?: Children }): View {
  return (
    <Form visitor={visitor} action={action} class="inline">
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button type="submit" class={className} {...labelled(label)}>
        {children}
      </button>
    </Form>
  );
}

/** A button that sends its own small form, such as "Join" in a row of a table. What cannot be undone is a `DangerButton`. */
export function ActButton({
  class: className = 'small',
  ...parts
}: ActProps & { readonly class?: 'small' | 'quiet'; readonly children?: Children }): View {
  return <SmallForm {...parts} class={className} />;
}

/** A button for what cannot be undone, such as "Revoke": it opens a question, and a second button does it. */
export function DangerButton({
  class: className = 'danger small',
  label,
  text,
  question,
  ...form
}: ActProps & {
  readonly class?: 'danger small' | 'danger' | 'quiet';
  /** a verb, such as `Delete` */
  readonly text: string;
  /** what will happen */
  readonly question: Children;
}): View {
  const yes = `Yes, ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
  return (
    <details class="asking">
      <summary class={`button ${className}`} {...labelled(label)}>
        {text}
      </summary>
      <p>{question}</p>
      <SmallForm {...form} class={className} {...(label === undefined ? {} : { label: `${yes}: ${label}` })}>
        {yes}
      </SmallForm>
    </details>
  );
}
