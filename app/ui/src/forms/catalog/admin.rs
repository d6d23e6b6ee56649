//! For platform admins.

use orghub_domain::routes::{AdminPage, api};

use crate::forms::Form;

/// What has to be typed so that nobody is signed out by a slip.
pub const SIGN_OUT_EVERYBODY_WORDS: &str = "sign out everybody";

pub const SIGN_OUT_EVERYBODY: Form = Form::at(api::SIGN_OUT_EVERYBODY, AdminPage::Sessions.path())
    .showing(&["confirmation"])
    .keeping(&["confirmation"]);

/// Stands on the page of one organization; see [`crate::forms::FormPost::back_to`].
pub const ADMIN_SET_LIMITS: Form = Form::at(api::ADMIN_SET_LIMITS, AdminPage::Orgs.path())
    .showing(&["members", "projects", "storage_gb"])
    .keeping(&["members", "projects", "storage_gb"]);

/// Stands on the page of one organization.
pub const ADMIN_RESTORE_ORG: Form = Form::at(api::ADMIN_RESTORE_ORG, AdminPage::Orgs.path());

/// Stands on the page of the cache, with a field for the slug, and on that of one
/// organization.
pub const ADMIN_FLUSH_ORG: Form = Form::at(api::ADMIN_FLUSH_ORG, AdminPage::Cache.path())
    .showing(&["slug"])
    .keeping(&["slug"]);

pub const ADMIN_FLUSH_USER: Form = Form::at(api::ADMIN_FLUSH_USER, AdminPage::Cache.path())
    .showing(&["email"])
    .keeping(&["email"]);

pub const ADMIN_FLUSH_ALL: Form = Form::at(api::ADMIN_FLUSH_ALL, AdminPage::Cache.path());

/// Stands on the page of one user.
pub const ADMIN_SUSPEND_USER: Form = Form::at(api::ADMIN_SUSPEND_USER, AdminPage::Users.path());

/// Stands on the page of one user.
pub const ADMIN_REINSTATE_USER: Form = Form::at(api::ADMIN_REINSTATE_USER, AdminPage::Users.path());

/// Stands on the page of one user.
pub const ADMIN_SIGN_OUT_USER: Form = Form::at(api::ADMIN_SIGN_OUT_USER, AdminPage::Users.path());

/// One for each dead letter, one for each kind that has any.
pub const ADMIN_RETRY_JOBS: Form = Form::at(api::ADMIN_RETRY_JOBS, AdminPage::Jobs.path());

/// One for each dead letter.
pub const ADMIN_DROP_JOB: Form = Form::at(api::ADMIN_DROP_JOB, AdminPage::Jobs.path());

/// Stands on the page of one event; see [`crate::forms::FormPost::back_to`].
pub const ADMIN_RETRY_WEBHOOK: Form =
    Form::at(api::ADMIN_RETRY_WEBHOOK, AdminPage::Webhooks.path());

pub(super) const ALL: &[&Form] = &[
    &SIGN_OUT_EVERYBODY,
    &ADMIN_SET_LIMITS,
    &ADMIN_RESTORE_ORG,
    &ADMIN_FLUSH_ORG,
    &ADMIN_FLUSH_USER,
    &ADMIN_FLUSH_ALL,
    &ADMIN_SUSPEND_USER,
    &ADMIN_REINSTATE_USER,
    &ADMIN_SIGN_OUT_USER,
    &ADMIN_RETRY_JOBS,
    &ADMIN_DROP_JOB,
    &ADMIN_RETRY_WEBHOOK,
];
