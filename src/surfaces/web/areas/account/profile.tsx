import { getOwnProfile, updateProfile, type ProfileFields } from '../../../../features/accounts/profiles';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { Actions, Field, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { redirect } from '../../reply';
import { accountPage, usernameOf } from './frame';

function profilePage(member: Member, profile: Omit<ProfileFields, 'gravatarEmail'>, fault?: Fault): Reply {
  const username = usernameOf(member);
  return accountPage(
    member,
    '/account/settings/',
    <Panel>
      <Problem fault={fault} />
      <p>
        Everyone can see this on <a href={`/u/${username}/`}>your page</a>. Every field is optional.
      </p>
      <Form visitor={member} fault={fault}>
        <Field label="Full name" name="full_name" value={profile.fullName} maxlength={255} autocomplete="name" />
        <Field label="Location" name="location" value={profile.location} maxlength={255} />
        <Field label="Company" name="company" value={profile.company} maxlength={255} autocomplete="organization" />
        <Field
          label="Website"
          name="profile_url"
          type="url"
          value={profile.profileUrl}
          maxlength={255}
          autocomplete="url"
          hint="Starts with http:// or https://."
        />
        <Actions>
          <button type="submit">Save</button>
        </Actions>
      </Form>
    </Panel>,
    fault,
  );
}

export const getProfilePage: WebHandler<'member'> = async (ctx, { caller }) =>
  profilePage(caller, await getOwnProfile(ctx, caller.actor, usernameOf(caller)));

export const postProfile: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { form } = caller;
  const fields = {
    fullName: form.text('full_name'),
    location: form.text('location'),
    company: form.text('company'),
    profileUrl: form.text('profile_url'),
  };
  const { fault } = await attempt(() => updateProfile(ctx, caller.actor, usernameOf(caller), fields));
  if (fault !== undefined) return profilePage(caller, fields, fault);
  return redirect(caller, '/account/settings/', { notice: 'Profile saved.' });
};
