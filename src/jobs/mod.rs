//! What the program does beside requests: the kinds of [jobs](crate::queue) there are, and
//! warm-up.

mod clean_up;
mod join_requests;
mod last_seen;
mod reminders;
mod warm_up;

use crate::{
    auth::{Auth, Sessions},
    billing::Billing,
    invitations::Invitations,
    joining::Joining,
    mail::Mail,
    orgs::Orgs,
    queue::Kind,
    submissions::Submissions,
};

pub(crate) use last_seen::{write_last_seen, write_last_seen_forever};
pub use warm_up::WarmedUp;

/// What jobs are done with.
pub(crate) struct Parts<'a> {
    pub auth: &'a Auth,
    pub sessions: &'a Sessions,
    pub orgs: &'a Orgs,
    pub invitations: &'a Invitations,
    pub joining: &'a Joining,
    pub submissions: &'a Submissions,
    pub mail: &'a Mail,
    pub billing: &'a Billing,
    /// How long entries of audit logs are kept; `None`: for ever.
    pub activity_kept: Option<time::Duration>,
}

/// Every kind of job, but for what the queue does for itself.
pub(crate) fn kinds(parts: &Parts<'_>) -> Vec<Kind> {
    let mut kinds = clean_up::kinds(parts);
    kinds.push(reminders::kind(parts.invitations));
    kinds.push(join_requests::kind(parts.joining));
    kinds.extend(parts.auth.kinds_of_jobs());
    kinds.extend(parts.orgs.kinds_of_jobs());
    kinds.extend(parts.mail.delivery());
    kinds.extend(parts.billing.kinds_of_jobs());
    kinds
}
