import { VISIBILITIES, type Visibility } from '../../../features/access/policy';
import type { NamespaceSettings } from '../../../features/namespaces/settings';
import { AppError } from '../../../platform/errors';
import type { Form } from '../form';
import type { View } from '../view';
import { plural } from './quantities';
import { Checkbox } from './forms';

type Slots = NonNullable<NamespaceSettings['slots']>;

const MEANINGS: Readonly<Record<Visibility, readonly [label: string, meaning: string]>> = {
  public: ['Public', 'Anyone can find it and pull from it.'],
  unlisted: ['Unlisted', 'Anyone who knows its name can pull from it. It is not in lists or search results.'],
  private: ['Private', 'Only people you give access to can see it and pull from it.'],
};

/** `2 of 5 private repositories used`, or `2 private repositories used, no limit`. */
export function slotsUsed({ used, limit }: Slots): string {
  const repositories = (count: number): string => plural(count, 'private repository', 'private repositories');
  return limit === undefined ? `${repositories(used)} used, no limit` : `${used} of ${repositories(limit)} used`;
}

/** The same with the namespace and its plan. */
export function SlotsUsed({ settings }: { readonly settings: NamespaceSettings }): View {
  const { name, plan, slots } = settings;
  if (slots === undefined) return <></>;
  return (
    <p class="fine">
      {name}: {slotsUsed(slots)} (plan <strong>{plan}</strong>).
    </p>
  );
}

/** The choice of a repository's visibility, with the number of private repositories that are left. */
export function VisibilityChoice({
  value,
  settings,
}: {
  readonly value: string;
  /** the settings of the namespace */
  readonly settings: NamespaceSettings;
}): View {
  return (
    <fieldset>
      <legend>Visibility</legend>
      {VISIBILITIES.map((visibility) => (
        <Checkbox
          type="radio"
          name="visibility"
          id={`visibility-${visibility}`}
          value={visibility}
          checked={visibility === value}
          label={MEANINGS[visibility][0]}
          hint={MEANINGS[visibility][1]}
        />
      ))}
      <SlotsUsed settings={settings} />
    </fieldset>
  );
}

/** @throws AppError `invalid` if the form has none */
export function visibilityIn(form: Form): Visibility {
  const given = form.text('visibility');
  const known = VISIBILITIES.find((visibility) => visibility === given);
  if (known === undefined) throw new AppError('invalid', 'Choose who can see the repository');
  return known;
}
