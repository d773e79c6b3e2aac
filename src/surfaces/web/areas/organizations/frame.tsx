import type { Context } from '../../../../context';
import { getMembersOrganization, type NamespaceAccess } from '../../../../features/namespaces/namespace-access';
import type { WebExchange } from '../../access';
import { Heading, Tabs } from '../../components/page-parts';
import type { Children, View } from '../../view';
import type { Visitor } from '../../visitor';

/** The path of a page of an organization. */
export function organizationPath(organization: string, rest = ''): string {
  return `/organizations/${organization}/${rest}`;
}

const FOR_MEMBERS = [
  ['', 'Overview'],
  ['teams/', 'Teams'],
  ['members/', 'Members'],
] as const;

const FOR_OWNERS = [
  ['invitations/', 'Invitations'],
  ['robots/', 'Robots'],
  ['plan/', 'Plan'],
  ['retention/', 'Retention'],
  ['settings/', 'Settings'],
] as const;

/** A page of an organization: the part of the path after the organization. */
export type OrganizationTab = (typeof FOR_MEMBERS)[number][0] | (typeof FOR_OWNERS)[number][0];

/**
 * The organization in the path of a page, for its members.
 *
 * @throws AppError `not_found`, `forbidden`
 */
export async function organizationOf(
  ctx: Context,
  { caller, params }: WebExchange<'anyone'>,
): Promise<NamespaceAccess> {
  return getMembersOrganization(ctx, caller.actor, params['org'] ?? '');
}

/** The parts that all pages of an organization have. */
export function OrganizationFrame({
  organization,
  current,
  children,
}: {
  readonly visitor: Visitor;
  readonly organization: NamespaceAccess;
  readonly current: OrganizationTab;
  readonly children?: Children;
}): View {
  const { namespace, canManage } = organization;
  const tabs = [...FOR_MEMBERS, ...(canManage ? FOR_OWNERS : [])];
  return (
    <>
      <Heading avatar={namespace} title={namespace} subtitle="Organization">
        <a class="button quiet" href={`/u/${namespace}/`}>
          Public page
        </a>
      </Heading>
      <Tabs
        label={`Pages of ${namespace}`}
        items={tabs.map(([rest, text]) => ({ href: organizationPath(namespace, rest), text }))}
        current={organizationPath(namespace, current)}
      />
      {children}
    </>
  );
}
