import type { BuildRule, NewRule } from '../../../../features/builds/rules';
import { Field, Select } from '../../components/forms';
import type { Form as SentForm } from '../../form';
import type { View } from '../../view';

/* The fields of a build rule. */

const TYPES = [
  { value: 'branch', label: 'Branch' },
  { value: 'tag', label: 'Tag' },
];

/** The fields as they were typed. */
export interface TypedRule {
  readonly type: string;
  readonly pattern: string;
  readonly dockerfile: string;
  /** empty: the folder of the Dockerfile */
  readonly context: string;
  readonly tag: string;
}

/** The fields of a new rule. */
export const NEW_RULE: TypedRule = { type: 'branch', pattern: '', dockerfile: 'Dockerfile', context: '', tag: '{ref}' };

/** The rule of a new source, as the Hub had it. */
export const FIRST_RULE: TypedRule = { ...NEW_RULE, pattern: 'master', tag: 'latest' };

/** The fields of a rule that is there. */
export function typedRuleOf({ refType, refPattern, dockerfilePath, contextPath, tag }: BuildRule): TypedRule {
  return { type: refType, pattern: refPattern, dockerfile: dockerfilePath, context: contextPath, tag };
}

/** Reads the fields. */
export function typedRule(form: SentForm): TypedRule {
  return {
    type: form.text('ref_type'),
    pattern: form.text('ref_pattern'),
    dockerfile: form.text('dockerfile_path'),
    context: form.text('context_path'),
    tag: form.text('docker_tag'),
  };
}

/** The rule that the fields ask for; the feature checks it. */
export function ruleIn({ type, pattern, dockerfile, context, tag }: TypedRule): NewRule {
  return {
    refType: type === 'tag' ? 'tag' : 'branch',
    refPattern: pattern,
    dockerfilePath: dockerfile,
    contextPath: context === '' ? undefined : context,
    tag,
  };
}

/** The fields. */
export function RuleFields({ typed }: { readonly typed: TypedRule }): View {
  return (
    <>
      <Select label="Type" name="ref_type" value={typed.type} options={TYPES} />
      <Field
        label="Name or pattern"
        name="ref_pattern"
        value={typed.pattern}
        required
        maxlength={255}
        hint="A name, a name with * and ?, or a regular expression between slashes that the whole name has to match."
      />
      <Field
        label="Dockerfile"
        name="dockerfile_path"
        value={typed.dockerfile}
        maxlength={255}
        hint="From the root of the git repository. A path that ends with a slash is its folder."
      />
      <Field
        label="Context"
        name="context_path"
        value={typed.context}
        maxlength={255}
        hint="The folder that is sent to the build; / is the root. If empty, the folder of the Dockerfile."
      />
      <Field
        label="Docker tag"
        name="docker_tag"
        of="tag"
        value={typed.tag}
        required
        maxlength={128}
        hint="{ref} stands for the branch or tag, {sha} for the first seven characters of the commit."
      />
    </>
  );
}
