//! Removing what nobody uses any more.

use std::time::Duration;

use super::Parts;
use crate::{error::Result, queue::Kind};

pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);

/// What is removed every hour, by one node.
pub(super) fn kinds(parts: &Parts<'_>) -> Vec<Kind> {
    let &Parts {
        auth,
        sessions,
        orgs,
        invitations,
        joining,
        submissions,
        mail,
        activity_kept,
        ..
    } = parts;
    let (links, accounts) = (auth.clone(), auth.clone());
    let (sessions, submissions, mail) = (sessions.clone(), submissions.clone(), mail.clone());
    let (purged, invitations, joining) = (orgs.clone(), invitations.clone(), joining.clone());
    let bulk_changes = orgs.clone();
    let mut kinds = vec![
        hourly("clean_up.sessions", move || {
            let sessions = sessions.clone();
            async move { sessions.delete_expired().await }
        }),
        hourly("clean_up.links", move || {
            let auth = links.clone();
            async move { auth.delete_expired_links().await }
        }),
        hourly("clean_up.unverified_accounts", move || {
            let auth = accounts.clone();
            async move { auth.delete_unverified().await }
        }),
        hourly("clean_up.organizations", move || {
            let orgs = purged.clone();
            async move { orgs.purge_deleted().await }
        }),
        hourly("clean_up.submissions", move || {
            let submissions = submissions.clone();
            async move { submissions.delete_old().await }
        }),
        hourly("clean_up.mail", move || {
            let mail = mail.clone();
            async move { mail.delete_old().await }
        }),
        hourly("clean_up.invitation_drafts", move || {
            let invitations = invitations.clone();
            async move { invitations.delete_old_drafts().await }
        }),
        hourly("clean_up.bulk_changes", move || {
            let orgs = bulk_changes.clone();
            async move { orgs.delete_old_bulk_changes().await }
        }),
        hourly("clean_up.joining", move || {
            let joining = joining.clone();
            async move { joining.delete_old().await }
        }),
    ];
    if let Some(kept) = activity_kept {
        let orgs = orgs.clone();
        kinds.push(hourly("clean_up.activity", move || {
            let orgs = orgs.clone();
            async move { orgs.delete_old_activity(kept).await }
        }));
    }
    kinds
}

/// A job that removes something, and says how much.
fn hourly<Removing>(
    name: &'static str,
    remove: impl Fn() -> Removing + Send + Sync + 'static,
) -> Kind
where
    Removing: Future<Output = Result<u64>> + Send + 'static,
{
    Kind::every(HOUR, name, move || {
        let removing = remove();
        async move {
            let removed = removing.await?;
            tracing::info!(
                job.kind = name,
                removed,
                "what nobody uses any more is removed"
            );
            Ok(())
        }
    })
}
