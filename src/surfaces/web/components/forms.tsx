import type { Children, View } from '../view';
import type { Visitor } from '../visitor';

/**
 * A form that changes something. It carries the token of this browser.
 *
 * @param action - the path of the form; undefined: the page's own
 */
export function Form({
  visitor,
  action,
  class: className,
  children,
}: {
  readonly visitor: Visitor;
  readonly action?: string;
  readonly class?: string;
  readonly children?: Children;
}): View {
  return (
    <form
      method="post"
      {...(action === undefined ? {} : { action })}
      {...(className === undefined ? {} : { class: className })}
    >
      <input type="hidden" name="csrf_token" value={visitor.formToken()} />
      {children}
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly value?: string | undefined;
  /** a sentence below the field */
  readonly hint?: Children;
  readonly required?: boolean;
  readonly maxlength?: number;
  readonly minlength?: number;
  readonly autocomplete?: string;
  /** differs from the name if a page has several forms */
  readonly id?: string;
}

function hintOf(id: string, hint: Children): { attributes: { 'aria-describedby'?: string }; element: Children } {
  if (hint === undefined) return { attributes: {}, element: undefined };
  const hintId = `${id}-hint`;
  return {
    attributes: { 'aria-describedby': hintId },
    element: (
      <small class="hint" id={hintId}>
        {hint}
      </small>
    ),
  };
}

/** A field of one line, without the browser's corrections, which would spoil names and addresses. */
export function Field({
  label,
  name,
  value,
  hint,
  id = name,
  type = 'text',
  expects,
  ...more
}: FieldProps & {
  readonly type?: 'text' | 'email' | 'url' | 'password' | 'number' | 'search' | 'date';
  readonly pattern?: string;
  readonly placeholder?: string;
  readonly inputmode?: 'numeric';
  readonly autofocus?: boolean;
  /** the only text that enables the form's button */
  readonly expects?: string;
}): View {
  const { attributes, element } = hintOf(id, hint);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        value={value ?? ''}
        autocapitalize="none"
        spellcheck={false}
        {...(expects === undefined ? {} : { 'data-expects': expects })}
        {...more}
        {...attributes}
      />
      {element}
    </div>
  );
}

/** A field of several lines. */
export function TextArea({
  label,
  name,
  value = '',
  hint,
  id = name,
  rows = 6,
  ...more
}: FieldProps & {
  readonly rows?: number;
}): View {
  const { attributes, element } = hintOf(id, hint);
  // A browser drops the first line break of a text area.
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea id={id} name={name} rows={rows} {...more} {...attributes}>
        {`\n${value}`}
      </textarea>
      {element}
    </div>
  );
}

/** A choice among several values. */
export function Select({
  label,
  name,
  value,
  options,
  hint,
  id = name,
}: FieldProps & {
  readonly options: readonly { readonly value: string; readonly label: string }[];
}): View {
  const { attributes, element } = hintOf(id, hint);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} name={name} {...attributes}>
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
      {element}
    </div>
  );
}

/** A checkbox; with `value`, one of several under one name. */
export function Checkbox({
  label,
  name,
  checked,
  value,
  hint,
  id = name,
  type = 'checkbox',
}: {
  readonly label: Children;
  readonly name: string;
  readonly checked: boolean;
  readonly value?: string;
  readonly hint?: Children;
  readonly id?: string;
  readonly type?: 'checkbox' | 'radio';
}): View {
  const { attributes, element } = hintOf(id, hint);
  return (
    <div class="field check">
      <input
        id={id}
        name={name}
        type={type}
        checked={checked}
        {...(value === undefined ? {} : { value })}
        {...attributes}
      />
      <label for={id}>{label}</label>
      {element}
    </div>
  );
}

/** What was wrong with the form; screen readers announce it at once. */
export function Problem({ text }: { readonly text: string | undefined }): View {
  if (text === undefined) return <></>;
  return (
    <p class="notice problem" role="alert">
      {text}
    </p>
  );
}

/** The buttons at the end of a form. */
export function Actions({ children }: { readonly children?: Children }): View {
  return <div class="actions">{children}</div>;
}

/** A button that sends its own small form, such as "Revoke" in a row of a table. */
export function ActButton({
  visitor,
  action,
  fields = {},
  class: className = 'small',
  label,
  children,
}: {
  readonly visitor: Visitor;
  readonly action: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly class?: string;
  /** for screen readers, if several buttons have the same text */
  readonly label?: string;
  readonly children?: Children;
}): View {
  return (
    <Form visitor={visitor} action={action} class="inline">
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button type="submit" class={className} {...(label === undefined ? {} : { 'aria-label': label })}>
        {children}
      </button>
    </Form>
  );
}
