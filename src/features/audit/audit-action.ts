/** What can happen. The part before the dot names the kind of thing that it happens to. */
export type AuditAction =
  | 'login.ok' // a password was checked and right; or, with details by, a provider identified the user
  | 'login.failed' // the subject is the name that was tried; details: reason
  | 'login.blocked' // one failure too many; details: how long, and whose failures were counted
  | 'session.started' // in a browser
  | 'session.confirmed' // the password was given again
  | 'session.ended' // details: how many, when all others were ended at once
  | 'sign_in.linked' // an account to a user of a provider; details: issuer
  | 'sign_in.unlinked' // details: issuer
  | 'git_account.linked' // of a git provider; details: provider, login, access
  | 'git_account.unlinked' // details: provider, login
  | 'oauth.client_created'
  | 'oauth.client_deleted'
  | 'oauth.authorized' // an account lets a client act for it; details: scope
  | 'oauth.reused' // a code or refresh token came twice, and its tokens ended; details: client
  | 'oauth.revoked' // an account takes that back; details: client
  | 'user.registered'
  | 'user.created'
  | 'user.password_changed'
  | 'user.password_reset_sent' // an administrator has a link mailed to the user
  | 'user.email_added'
  | 'user.email_confirmed'
  | 'user.primary_email_changed'
  | 'user.email_removed'
  | 'user.profile_changed' // details: fields
  | 'user.renamed' // details: to
  | 'user.activated'
  | 'user.deactivated'
  | 'user.admin_granted'
  | 'user.admin_revoked'
  | 'user.deleted'
  | 'second_factor.begun'
  | 'second_factor.turned_on'
  | 'second_factor.turned_off' // by an administrator, when the doer is not the subject
  | 'second_factor.codes_renewed'
  | 'key.rotated' // details: how many second factors were sealed again
  | 'token.created'
  | 'token.revoked'
  | 'plan.changed'
  | 'plan.deleted'
  | 'namespace.plan_changed' // details: to
  | 'namespace.settings_changed' // details: fields
  | 'namespace.storage_limit_set' // details: to
  | 'namespace.storage_limit_removed' // the one of its plan counts again
  | 'organization.created'
  | 'organization.converted' // from a user
  | 'organization.renamed' // details: to
  | 'organization.deleted'
  | 'team.created'
  | 'team.described'
  | 'team.deleted'
  | 'team.group_mapped' // members of a group of the provider are in the team; details: group
  | 'team.group_unmapped' // details: group
  | 'team.member_added' // details: member, group when it is the reason
  | 'team.member_removed' // details: member, group
  | 'team.access_changed' // details: repository, access
  | 'invitation.sent'
  | 'invitation.accepted'
  | 'invitation.declined'
  | 'invitation.withdrawn'
  | 'robot.created'
  | 'robot.deleted'
  | 'repository.created'
  | 'repository.renamed' // details: to
  | 'repository.alias_removed'
  | 'name.freed' // an administrator freed a retired name
  | 'collaborator.added' // details: collaborator
  | 'collaborator.removed' // details: collaborator
  | 'repository.visibility_changed' // details: to
  | 'repository.immutable_tags_changed' // details: to
  | 'repository.described'
  | 'repository.deletion_started' // the first of three steps
  | 'repository.emptied' // the second
  | 'repository.deleted' // the third, or all at once
  | 'tag.set' // details: to
  | 'tag.moved' // details: from, to
  | 'tag.deleted' // details: from
  | 'retention.changed' // the subject of these is the repository or namespace; details: the rules
  | 'retention.removed'
  | 'retention.started' // by a person, not by the schedule; details: run
  | 'retention.run' // has deleted tags; details: run, deleted, kept
  | 'push.finished'
  | 'manifest.pushed' // by digest; details: digest
  | 'manifest.deleted' // details: digest
  | 'blob.deleted' // details: digest
  | 'star.added'
  | 'star.removed'
  | 'comment.added' // details: comment
  | 'comment.deleted' // details: comment, author
  | 'comment.flagged' // details: comment
  | 'comment.flags_dismissed' // details: comment, flags
  | 'webhook.created' // the subject of these is the repository; details: webhook
  | 'webhook.updated'
  | 'webhook.deleted'
  | 'webhook.disabled' // after long failure
  | 'webhook.sent' // by hand: a test, or a delivery once more; details: webhook, what
  | 'build.source_set' // the subject of these is the repository; details: provider, url
  | 'build.source_changed' // details: fields
  | 'build.source_removed'
  | 'build.remote_added' // a hook and a deploy key at the provider; details: provider, repository
  | 'build.remote_removed' // details: provider, repository; error if something stays there
  | 'build.rules_changed' // details: rules
  | 'build.trigger_changed' // the former trigger URL ends; details: to
  | 'build.links_changed' // details: bases
  | 'build.policy_set' // by an administrator; the subject is the namespace; details: network, arguments
  | 'build.policy_removed'
  | 'build.requested' // by a person; details: build, ref
  | 'build.cancelled' // details: build
  | 'build.finished' // details: build, state, tag
  | 'job.retried' // the subject of these is the job's name
  | 'job.dropped'
  | 'maintenance.started' // by an administrator; the subject is the kind, details: run
  | 'maintenance.cancelled'
  | 'gc.freed' // in one repository, once for each portion of its garbage
  | 'gc.run'
  | 'scrub.run'
  | 'scrub.orphans_run' // details: objects, orphans, deleted, broken, applied
  | 'backup.run' // details: layers, bytes, damaged
  | 'storage.copied' // details: from, to, layers, damaged
  | 'storage.forgotten' // the subject is the place
  | 'backup.restored'; // details: from (when the backup was made), layers
