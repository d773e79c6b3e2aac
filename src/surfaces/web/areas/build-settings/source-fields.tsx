import type { BuildSource, Provider, WantedCredential } from '../../../../features/builds/sources';
import { PROVIDERS } from '../../../../features/builds/sources';
import { fieldError } from '../../../../platform/errors';
import { Checkbox, Field, Select } from '../../components/forms';
import type { Form as SentForm } from '../../form';
import type { View } from '../../view';

/* The fields that say where a repository is built from. */

export const PROVIDER_NAMES: Readonly<Record<Provider, string>> = {
  git: 'Any git server',
  github: 'GitHub',
  gitlab: 'GitLab',
  bitbucket: 'Bitbucket Cloud',
  'bitbucket-server': 'Bitbucket Server',
  gitea: 'Gitea, Forgejo or Gogs',
};

const NEW_CREDENTIALS = [
  { value: 'implied', label: 'A deploy key for a URL of ssh, otherwise nothing' },
  { value: 'token', label: 'A token' },
];

const OTHER_CREDENTIALS = [
  { value: 'kept', label: 'As it is' },
  { value: 'none', label: 'Nothing: everyone can read it' },
  { value: 'deploy_key', label: 'A new deploy key' },
  { value: 'token', label: 'A new token' },
];

/** The fields as they were typed, except for the token, which is not shown again. */
export interface TypedSource {
  readonly provider: string;
  readonly cloneUrl: string;
  readonly credential: string;
  readonly tokenUsername: string;
  readonly syncsDescription: boolean;
  readonly mailsFailures: boolean;
}

/** The fields of a new source. */
export const NEW_SOURCE: TypedSource = {
  provider: 'git',
  cloneUrl: '',
  credential: 'implied',
  tokenUsername: '',
  syncsDescription: false,
  mailsFailures: true,
};

/** The fields of a source that is there. */
export function typedOf({ provider, cloneUrl, syncsDescription, mailsFailures }: BuildSource): TypedSource {
  return { provider, cloneUrl, credential: 'kept', tokenUsername: '', syncsDescription, mailsFailures };
}

/** Reads the fields. */
export function typedSource(form: SentForm): TypedSource {
  return {
    provider: form.text('provider'),
    cloneUrl: form.text('clone_url'),
    credential: form.text('credential'),
    tokenUsername: form.text('token_username'),
    syncsDescription: form.isOn('syncs_description'),
    mailsFailures: form.isOn('mails_failures'),
  };
}

function isProvider(text: string): text is Provider {
  return (PROVIDERS as readonly string[]).includes(text);
}

function credentialIn({ credential, tokenUsername }: TypedSource, form: SentForm): WantedCredential | undefined {
  if (credential === 'none' || credential === 'deploy_key') return { kind: credential };
  if (credential !== 'token') return undefined;
  const token = form.text('token');
  if (token === '') throw fieldError('invalid', 'token', 'Enter the token');
  return { kind: 'token', username: tokenUsername, token };
}

/** What the fields ask for. @throws AppError `invalid` */
export function sourceIn(form: SentForm): {
  readonly provider: Provider;
  readonly cloneUrl: string;
  readonly credential: WantedCredential | undefined;
  readonly syncsDescription: boolean;
  readonly mailsFailures: boolean;
} {
  const typed = typedSource(form);
  const { provider, cloneUrl, syncsDescription, mailsFailures } = typed;
  if (!isProvider(provider)) throw fieldError('invalid', 'provider', 'Choose where the git repository is');
  return { provider, cloneUrl, credential: credentialIn(typed, form), syncsDescription, mailsFailures };
}

/** The fields. */
export function SourceFields({ typed, isNew }: { readonly typed: TypedSource; readonly isNew: boolean }): View {
  return (
    <>
      <Select
        label="Provider"
        name="provider"
        value={typed.provider}
        options={PROVIDERS.map((value) => ({ value, label: PROVIDER_NAMES[value] }))}
      />
      <Field
        label="URL of the git repository"
        name="clone_url"
        value={typed.cloneUrl}
        required
        maxlength={1000}
        hint="https://host/path, ssh://git@host/path or git@host:path"
      />
      <Select
        label="Read it with"
        name="credential"
        value={typed.credential}
        options={isNew ? NEW_CREDENTIALS : OTHER_CREDENTIALS}
        hint="A deploy key is created here, and you add it at the provider. A token is for a URL of https."
      />
      <Field
        label="Token"
        name="token"
        type="password"
        autocomplete="off"
        maxlength={4096}
        hint="It is not shown again."
      />
      <Field
        label="Username of the token"
        name="token_username"
        value={typed.tokenUsername}
        maxlength={255}
        hint="If the provider wants one; otherwise git."
      />
      <Checkbox
        label="After each build of the first rule, the README next to the Dockerfile becomes the description"
        name="syncs_description"
        checked={typed.syncsDescription}
      />
      {!isNew && (
        <Checkbox
          label="Mail me when builds begin to fail, and when they succeed again"
          name="mails_failures"
          checked={typed.mailsFailures}
        />
      )}
    </>
  );
}

/** What people should know before they set up a source. */
export function RightsOfBuilds(): View {
  return (
    <p class="fine">
      Builds have your rights: their Dockerfiles may use the images of this server that you may read. So people who can
      push to the git repository can read them, too. Nobody pushes images to an automated repository.
    </p>
  );
}
