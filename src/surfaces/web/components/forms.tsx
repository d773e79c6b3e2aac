import { createContext, useContext } from 'hono/jsx';
import type { FieldError } from '../../../platform/errors';
import type { Fault } from '../problems';
import type { Children, View } from '../view';
import type { Visitor } from '../visitor';

/** The fields of the form around a field that are wrong. */
const WrongFields = createContext<readonly FieldError[]>([]);

/**
 * A form that changes something. It carries the token of this browser.
 *
 * @param action - the path of the form; undefined: the page's own
 * @param fault - what was wrong with it, which each field says about itself
 */
export function Form({
  visitor,
  action,
  fault,
  class: className,
  children,
}: {
  readonly visitor: Visitor;
  readonly action?: string;
  readonly fault?: Fault | undefined;
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
      <WrongFields.Provider value={fault?.fields ?? []}>{children}</WrongFields.Provider>
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
  /** the name that the API has for it, if it has another one, or several */
  readonly of?: string | readonly string[];
}

/** The rule for names of teams, robots and plans. */
export const SHORT_NAME = {
  maxlength: 30,
  pattern: '[a-z0-9_\\-]+',
  hint: '1 to 30 lowercase letters, digits, underscores and hyphens.',
} as const;

interface Notes {
  readonly attributes: { 'aria-describedby'?: string; 'aria-invalid'?: 'true' };
  readonly element: Children;
}

/** The sentences below a field: what is wrong with it, and its hint. */
function notesOf({
  id,
  name,
  of = name,
  hint,
}: {
  id: string;
  name: string;
  of?: FieldProps['of'] | undefined;
  hint: Children;
}): Notes {
  const wrong = useContext(WrongFields).find(({ field }) =>
    typeof of === 'string' ? field === of : of.includes(field),
  );
  const ids = [...(wrong === undefined ? [] : [`${id}-error`]), ...(hint === undefined ? [] : [`${id}-hint`])];
  return {
    attributes: {
      ...(ids.length === 0 ? {} : { 'aria-describedby': ids.join(' ') }),
      ...(wrong === undefined ? {} : { 'aria-invalid': 'true' }),
    },
    element: (
      <>
        {wrong !== undefined && (
          <small class="wrong" id={`${id}-error`}>
            {wrong.message}
          </small>
        )}
        {hint !== undefined && (
          <small class="hint" id={`${id}-hint`}>
            {hint}
          </small>
        )}
      </>
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
  of,
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
  const { attributes, element } = notesOf({ id, name, of, hint });
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
  of,
  rows = 6,
  ...more
}: FieldProps & {
  readonly rows?: number;
}): View {
  const { attributes, element } = notesOf({ id, name, of, hint });
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
  of,
}: FieldProps & {
  readonly options: readonly { readonly value: string; readonly label: string }[];
}): View {
  const { attributes, element } = notesOf({ id, name, of, hint });
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
  const { attributes, element } = notesOf({ id, name, hint });
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
export function Problem({ fault }: { readonly fault: Pick<Fault, 'text'> | undefined }): View {
  if (fault === undefined) return <></>;
  return (
    <p class="notice problem" role="alert">
      {fault.text}
    </p>
  );
}

/** The buttons at the end of a form. */
export function Actions({ children }: { readonly children?: Children }): View {
  return <div class="actions">{children}</div>;
}
