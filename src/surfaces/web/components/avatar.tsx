import type { View } from '../view';
import { identicon } from './identicon';

/** The picture of a user or an organization. It always stands next to the name, so screen readers skip it. */
export function Avatar({ name, size }: { readonly name: string; readonly size?: 'large' | 'small' }): View {
  const { colour, path } = identicon(name);
  return (
    <svg
      class={`avatar series-${colour}${size === undefined ? '' : ` ${size}-avatar`}`}
      viewBox="-1 -1 7 7"
      aria-hidden="true"
      focusable="false"
    >
      <path d={path} />
    </svg>
  );
}

/** The picture and the name of an account, with a link to its page; a robot has none. */
export function AccountName({
  name,
  isRobot = false,
  path = `/u/${name}/`,
}: {
  readonly name: string;
  readonly isRobot?: boolean;
  /** another page of the account */
  readonly path?: string;
}): View {
  return (
    <span class="account-name">
      <Avatar name={name} size="small" />
      {isRobot ? <span>{name}</span> : <a href={path}>{name}</a>}
    </span>
  );
}
