import type { View } from '../../view';
import type { Visitor } from '../../visitor';
import { withNext } from './next';

/** The path that leads to the provider. */
export const TO_PROVIDER = '/account/login/oidc/';

/**
 * The way to the provider. It is a link and not a form, because a browser applies the policy for forms to all places to
 * which the provider sends it on.
 */
export function ProviderButton({ visitor, next }: { readonly visitor: Visitor; readonly next: string }): View {
  const { providerName } = visitor;
  if (providerName === undefined) return <></>;
  return (
    <p class="link-buttons">
      <a class="button quiet" href={withNext(TO_PROVIDER, next)}>
        Sign in with {providerName}
      </a>
    </p>
  );
}
