/* The arguments that the commands of `drydock retention` have in common. */

export const NAME = 'namespace/name, just name in the library, or a namespace with --namespace';
export const OF_NAMESPACE = [
  '--namespace',
  'the name is a user or organization: the policy of its repositories',
] as const;

export interface NamespaceOption {
  readonly namespace?: true;
}
