import type { ProfileFields } from '../../../../features/accounts/profiles';
import type { OrganizationMember } from '../../../../features/namespaces/organizations';
import { AccountName, Avatar } from '../../components/avatar';
import { Moment, plural } from '../../components/quantities';
import { Badge, Panel } from '../../components/page-parts';
import type { View } from '../../view';
import type { Visitor } from '../../visitor';

/** What everyone may know about an account. */
export interface PublicProfile {
  readonly name: string;
  /** it is not an organization */
  readonly isUser: boolean;
  readonly fields?: Omit<ProfileFields, 'gravatarEmail'> & { readonly createdAt: Date };
}

/** An address that a user typed: a link when it leads to a web page, and text otherwise. */
function TypedLink({ url }: { readonly url: string }): View {
  const { protocol } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  if (protocol !== 'http:' && protocol !== 'https:') return <>{url}</>;
  return (
    <a href={url} rel="nofollow noopener noreferrer">
      {url}
    </a>
  );
}

function Facts({ fields }: Required<Pick<PublicProfile, 'fields'>>): View {
  const { company, location, profileUrl, createdAt } = fields;
  return (
    <ul class="facts">
      {company !== '' && <li>{company}</li>}
      {location !== '' && <li>{location}</li>}
      {profileUrl !== '' && (
        <li>
          <TypedLink url={profileUrl} />
        </li>
      )}
      <li>
        Member since <Moment at={createdAt} />
      </li>
    </ul>
  );
}

function ManageLink({ visitor, profile, isInside }: ProfileHeadProps): View {
  const { name, isUser } = profile;
  if (isInside) {
    return (
      <a class="button quiet" href={`/organizations/${name}/`}>
        Teams and settings
      </a>
    );
  }
  if (!isUser || visitor.login?.account.username !== name) return <></>;
  return (
    <a class="button quiet" href="/account/settings/">
      Edit your profile
    </a>
  );
}

interface ProfileHeadProps {
  readonly visitor: Visitor;
  readonly profile: PublicProfile;
  /** the visitor may see the members of the organization */
  readonly isInside: boolean;
}

/** The name and profile, and a link to change them. */
export function ProfileHead(props: ProfileHeadProps): View {
  const { name, isUser, fields } = props.profile;
  return (
    <div class="heading">
      <div class="pictured">
        <Avatar name={name} size="large" />
        <div>
          <h1 class="title-line">
            {name}
            {!isUser && <Badge>Organization</Badge>}
          </h1>
          {fields !== undefined && fields.fullName !== '' && <p class="subtitle">{fields.fullName}</p>}
          {fields !== undefined && <Facts fields={fields} />}
        </div>
      </div>
      <div class="actions">
        <ManageLink {...props} />
      </div>
    </div>
  );
}

/** Some of the members of an organization. */
export function MemberList({
  organization,
  total,
  members,
}: {
  readonly organization: string;
  readonly total: number;
  readonly members: readonly OrganizationMember[];
}): View {
  return (
    <Panel title={plural(total, 'member')}>
      <ul class="facts">
        {members.map(({ username, isRobot }) => (
          <li>
            <AccountName name={username} isRobot={isRobot} /> {isRobot && <Badge>robot</Badge>}
          </li>
        ))}
      </ul>
      {total > members.length && (
        <p>
          <a href={`/organizations/${organization}/members/`}>All members</a>
        </p>
      )}
    </Panel>
  );
}
