import { exportAccount } from '../../../../features/exports/own-data';
import type { Reply } from '../../../../platform/http/exchange';
import type { Member, WebHandler } from '../../access';
import { Actions, Form, Problem } from '../../components/forms';
import { Panel } from '../../components/page-parts';
import { attempt, type Fault } from '../../problems';
import { accountPage, usernameOf } from './frame';

function dataPage(member: Member, fault?: Fault): Reply {
  return accountPage(
    member,
    '/account/data/',
    <Panel title="Download your data">
      <Problem fault={fault} />
      <p>
        A file with everything that is stored about your account, as JSON: your profile, email addresses, repositories
        with their tags, stars, comments, memberships, access tokens, sessions, applications, webhooks, and what you
        did. It has no secrets and no images: pull those with your engine.
      </p>
      <Form visitor={member}>
        <Actions>
          <button type="submit">Download</button>
        </Actions>
      </Form>
    </Panel>,
    fault,
  );
}

export const getData: WebHandler<'member'> = (_ctx, { caller }) => dataPage(caller);

export const postData: WebHandler<'member-form'> = async (ctx, { caller }) => {
  const { done, fault } = await attempt(() => exportAccount(ctx, caller.actor, usernameOf(caller)));
  if (fault !== undefined) return dataPage(caller, fault);
  const headers = {
    'Content-Type': 'application/json',
    'Content-Disposition': `attachment; filename="${done.fileName}"`,
    'Cache-Control': 'no-store',
  };
  return { status: 200, headers, body: done.source };
};
