//! Forms: plain HTML, answered with a redirect.
//!
//! A [`Form`] is one value, which its page, its endpoint and the answer share. The
//! endpoint reads it as [`FormUrl`] and wraps its work in a [`FormPost`], which sends the
//! browser on: to the page of success or back to the form. What there is to say there
//! travels in a [`Flash`]. The page takes it and shows the form as a [`FormState`]: with a
//! message, with what was typed, each at its [`Field`].
//!
//! To add a form: a constant here, its endpoint in `api`, and its page.

mod field;
mod flash;
mod post;
mod submitted;

use orghub::{
    domain::{OrgSlug, TokenKind},
    routes::{self, AccountPage, AdminPage, OrgPage, OrgPath, api, mailed_link_page},
};

pub use field::{Field, FormMessage, TextArea};
pub use flash::{Flash, FormState, Problem, brings_flash};
pub use post::{Done, FormPost};
pub use submitted::FormUrl;

use crate::response;

/// What the page, the endpoint and the answer of a form have to agree on.
#[derive(Debug)]
pub struct Form {
    /// Where it is posted to. No two forms share it, so it names the form, too.
    pub action: &'static str,
    /// Where it stands, and is shown again if it is refused.
    pub page: FormPage,
    /// The fields that show a message of their own. A message about anything else stands
    /// above the form.
    pub fields: &'static [&'static str],
    /// The fields that are kept when the form is refused, so that nothing has to be typed
    /// again. Never passwords.
    pub kept: &'static [&'static str],
}

/// The pages that have a form.
#[derive(Debug)]
pub enum FormPage {
    /// One page outside organizations.
    At(&'static str),
    /// Pages of an organization. The form says in its fields `org` and `return_to` which;
    /// unless it names one of these, it is the first.
    InOrg(&'static [OrgPage]),
    /// Every page: the form is part of the frame.
    Everywhere,
}

pub const SIGN_IN: Form = Form {
    action: api::SIGN_IN,
    page: FormPage::At(routes::SIGN_IN),
    fields: &["email", "password"],
    kept: &["email"],
};

pub const SIGN_OUT: Form = Form {
    action: routes::SIGN_OUT,
    page: FormPage::Everywhere,
    fields: &[],
    kept: &[],
};

pub const CREATE_ORG: Form = Form {
    action: api::CREATE_ORG,
    page: FormPage::At(routes::NEW_ORG),
    fields: &["name", "slug"],
    kept: &["name", "slug"],
};

pub const UPDATE_ORG: Form = Form {
    action: api::UPDATE_ORG,
    page: FormPage::InOrg(&[OrgPage::Settings]),
    fields: &["name", "slug"],
    kept: &["name", "slug"],
};

pub const CHANGE_LOGO: Form = Form {
    action: api::CHANGE_LOGO,
    page: FormPage::InOrg(&[OrgPage::Settings]),
    fields: &["logo"],
    kept: &[],
};

pub const REMOVE_LOGO: Form = Form {
    action: api::REMOVE_LOGO,
    page: FormPage::InOrg(&[OrgPage::Settings]),
    fields: &[],
    kept: &[],
};

pub const REQUIRE_SECOND_FACTOR: Form = Form {
    action: api::REQUIRE_SECOND_FACTOR,
    page: FormPage::InOrg(&[OrgPage::SecondFactor]),
    fields: &["from"],
    kept: &["from"],
};

pub const STOP_REQUIRING_SECOND_FACTOR: Form = Form {
    action: api::STOP_REQUIRING_SECOND_FACTOR,
    page: FormPage::InOrg(&[OrgPage::SecondFactor]),
    fields: &[],
    kept: &[],
};

pub const DELETE_ORG: Form = Form {
    action: api::DELETE_ORG,
    page: FormPage::InOrg(&[OrgPage::Settings]),
    fields: &["confirmation"],
    kept: &["confirmation"],
};

/// Stands where the deleted organization's pages were.
pub const RESTORE_ORG: Form = Form {
    action: api::RESTORE_ORG,
    page: FormPage::InOrg(&[OrgPage::Overview]),
    fields: &[],
    kept: &[],
};

pub const LEAVE_ORG: Form = Form {
    action: api::LEAVE_ORG,
    page: FormPage::InOrg(&[OrgPage::Overview, OrgPage::Settings]),
    fields: &[],
    kept: &[],
};

/// One for each member of the list.
pub const CHANGE_ROLE: Form = Form {
    action: api::CHANGE_ROLE,
    page: FormPage::InOrg(&[OrgPage::Members]),
    fields: &[],
    kept: &["member_id", "role"],
};

/// One for each member of the list.
pub const REMOVE_MEMBER: Form = Form {
    action: api::REMOVE_MEMBER,
    page: FormPage::InOrg(&[OrgPage::Members]),
    fields: &[],
    kept: &["member_id"],
};

/// One for each member of the list.
pub const SUSPEND_MEMBER: Form = Form {
    action: api::SUSPEND_MEMBER,
    page: FormPage::InOrg(&[OrgPage::Members]),
    fields: &[],
    kept: &["member_id"],
};

/// One for each member of the list who is suspended.
pub const REINSTATE_MEMBER: Form = Form {
    action: api::REINSTATE_MEMBER,
    page: FormPage::InOrg(&[OrgPage::Members]),
    fields: &[],
    kept: &["member_id"],
};

/// Stands on the page that says who is meant.
pub const BEGIN_BULK_CHANGE: Form = Form {
    action: api::BEGIN_BULK_CHANGE,
    page: FormPage::InOrg(&[OrgPage::ChangeMembers]),
    fields: &[],
    kept: &[],
};

pub const CANCEL_BULK_CHANGE: Form = Form {
    action: api::CANCEL_BULK_CHANGE,
    page: FormPage::InOrg(&[OrgPage::BulkChange]),
    fields: &[],
    kept: &[],
};

pub const UNDO_BULK_CHANGE: Form = Form {
    action: api::UNDO_BULK_CHANGE,
    page: FormPage::InOrg(&[OrgPage::BulkChange]),
    fields: &[],
    kept: &[],
};

pub const OFFER_OWNERSHIP: Form = Form {
    action: api::OFFER_OWNERSHIP,
    page: FormPage::InOrg(&[OrgPage::Settings]),
    fields: &["email"],
    kept: &["email"],
};

pub const WITHDRAW_OWNERSHIP: Form = Form {
    action: api::WITHDRAW_OWNERSHIP,
    page: FormPage::InOrg(&[OrgPage::Settings]),
    fields: &[],
    kept: &[],
};

pub const INVITE: Form = Form {
    action: api::INVITE,
    page: FormPage::InOrg(&[OrgPage::Invitations]),
    fields: &["email", "role"],
    kept: &["email", "role"],
};

/// What was pasted is longer than what is kept of a form; the endpoint keeps it itself.
pub const INVITE_MANY: Form = Form {
    action: api::INVITE_MANY,
    page: FormPage::InOrg(&[OrgPage::Invitations]),
    fields: &["addresses", "role"],
    kept: &["role"],
};

pub const IMPORT_INVITATIONS: Form = Form {
    action: api::IMPORT_INVITATIONS,
    page: FormPage::InOrg(&[OrgPage::Invitations]),
    fields: &["file"],
    kept: &[],
};

/// Stands below a list that was checked.
pub const SEND_INVITATIONS: Form = Form {
    action: api::SEND_INVITATIONS,
    page: FormPage::InOrg(&[OrgPage::Invitations]),
    fields: &[],
    kept: &[],
};

pub const ACCEPT_OWNERSHIP: Form = Form {
    action: api::ACCEPT_OWNERSHIP,
    page: FormPage::InOrg(&[OrgPage::Overview]),
    fields: &[],
    kept: &[],
};

/// One for each invitation of the list.
pub const RESEND_INVITATION: Form = Form {
    action: api::RESEND_INVITATION,
    page: FormPage::InOrg(&[OrgPage::Invitations]),
    fields: &[],
    kept: &["invitation_id"],
};

/// One for each invitation of the list.
pub const COPY_INVITATION_LINK: Form = Form {
    action: api::COPY_INVITATION_LINK,
    page: FormPage::InOrg(&[OrgPage::Invitations]),
    fields: &[],
    kept: &["invitation_id"],
};

/// One for each invitation of the list.
pub const CANCEL_INVITATION: Form = Form {
    action: api::CANCEL_INVITATION,
    page: FormPage::InOrg(&[OrgPage::Invitations]),
    fields: &[],
    kept: &["invitation_id"],
};

/// Stands on the page of an invitation; see [`FormPost::back_to`].
pub const ACCEPT_INVITATION: Form = Form {
    action: api::ACCEPT_INVITATION,
    page: FormPage::At(routes::ORGS),
    fields: &[],
    kept: &[],
};

pub const DECLINE_OWNERSHIP: Form = Form {
    action: api::DECLINE_OWNERSHIP,
    page: FormPage::InOrg(&[OrgPage::Overview]),
    fields: &[],
    kept: &[],
};

/// As [`ACCEPT_INVITATION`].
pub const DECLINE_INVITATION: Form = Form {
    action: api::DECLINE_INVITATION,
    page: FormPage::At(routes::ORGS),
    fields: &[],
    kept: &[],
};

pub const MAKE_JOIN_LINK: Form = Form {
    action: api::MAKE_JOIN_LINK,
    page: FormPage::InOrg(&[OrgPage::Joining]),
    fields: &["life", "most_uses", "domains"],
    kept: &["life", "most_uses", "domains", "asks_first"],
};

/// One for each link of the list.
pub const REVOKE_JOIN_LINK: Form = Form {
    action: api::REVOKE_JOIN_LINK,
    page: FormPage::InOrg(&[OrgPage::Joining]),
    fields: &[],
    kept: &["link_id"],
};

pub const SEND_DOMAIN_CODE: Form = Form {
    action: api::SEND_DOMAIN_CODE,
    page: FormPage::InOrg(&[OrgPage::Joining]),
    fields: &["email"],
    kept: &["email"],
};

/// One for each domain that a code is on its way for.
pub const VERIFY_DOMAIN: Form = Form {
    action: api::VERIFY_DOMAIN,
    page: FormPage::InOrg(&[OrgPage::Joining]),
    fields: &[],
    kept: &["domain"],
};

/// One for each domain of the list.
pub const CHANGE_DOMAIN_POLICY: Form = Form {
    action: api::CHANGE_DOMAIN_POLICY,
    page: FormPage::InOrg(&[OrgPage::Joining]),
    fields: &[],
    kept: &["domain", "policy"],
};

/// One for each domain of the list.
pub const REMOVE_DOMAIN: Form = Form {
    action: api::REMOVE_DOMAIN,
    page: FormPage::InOrg(&[OrgPage::Joining]),
    fields: &[],
    kept: &["domain"],
};

/// One for each request of the list.
pub const ACCEPT_JOIN_REQUEST: Form = Form {
    action: api::ACCEPT_JOIN_REQUEST,
    page: FormPage::InOrg(&[OrgPage::Joining]),
    fields: &[],
    kept: &["request_id"],
};

/// One for each request of the list.
pub const DECLINE_JOIN_REQUEST: Form = Form {
    action: api::DECLINE_JOIN_REQUEST,
    page: FormPage::InOrg(&[OrgPage::Joining]),
    fields: &[],
    kept: &["request_id"],
};

/// Stands on the page of a join link; see [`FormPost::back_to`].
pub const FOLLOW_JOIN_LINK: Form = Form {
    action: api::FOLLOW_JOIN_LINK,
    page: FormPage::At(routes::ORGS),
    fields: &[],
    kept: &[],
};

/// One for each organization that the user can join.
pub const JOIN_BY_DOMAIN: Form = Form {
    action: api::JOIN_BY_DOMAIN,
    page: FormPage::At(routes::ORGS),
    fields: &[],
    kept: &["organization"],
};

/// One for each price.
pub const START_CHECKOUT: Form = Form {
    action: api::START_CHECKOUT,
    page: FormPage::InOrg(&[OrgPage::Plans]),
    fields: &[],
    kept: &[],
};

pub const CHANGE_PLAN: Form = Form {
    action: api::CHANGE_PLAN,
    page: FormPage::InOrg(&[OrgPage::Plans, OrgPage::ChangePlan]),
    fields: &[],
    kept: &[],
};

pub const TAKE_BACK_CHANGE: Form = Form {
    action: api::TAKE_BACK_CHANGE,
    page: FormPage::InOrg(&[OrgPage::Subscription]),
    fields: &[],
    kept: &[],
};

pub const CANCEL_SUBSCRIPTION: Form = Form {
    action: api::CANCEL_SUBSCRIPTION,
    page: FormPage::InOrg(&[OrgPage::CancelPlan]),
    fields: &["reason", "comment"],
    kept: &["reason", "comment"],
};

pub const RESTORE_SUBSCRIPTION: Form = Form {
    action: api::RESTORE_SUBSCRIPTION,
    page: FormPage::InOrg(&[OrgPage::Subscription]),
    fields: &[],
    kept: &[],
};

/// One for each page of Stripe's that it leads to.
pub const OPEN_PORTAL: Form = Form {
    action: api::OPEN_PORTAL,
    page: FormPage::InOrg(&[OrgPage::Subscription, OrgPage::Invoices]),
    fields: &[],
    kept: &[],
};

pub const CHANGE_BILLING_CONTACT: Form = Form {
    action: api::CHANGE_BILLING_CONTACT,
    page: FormPage::InOrg(&[OrgPage::Subscription]),
    fields: &["email"],
    kept: &["email"],
};

pub const SET_THEME: Form = Form {
    action: api::SET_THEME,
    page: FormPage::Everywhere,
    fields: &[],
    kept: &[],
};

pub const CONFIRM: Form = Form {
    action: api::CONFIRM,
    page: FormPage::At(routes::CONFIRM),
    fields: &["password"],
    kept: &[],
};

pub const SIGN_UP: Form = Form {
    action: api::SIGN_UP,
    page: FormPage::At(routes::SIGN_UP),
    fields: &["name", "email", "password"],
    kept: &["name", "email"],
};

pub const RESEND_VERIFICATION: Form = Form {
    action: api::RESEND_VERIFICATION,
    page: FormPage::Everywhere,
    fields: &[],
    kept: &[],
};

pub const VERIFY_EMAIL: Form = Form {
    action: api::VERIFY_EMAIL,
    page: FormPage::At(mailed_link_page(TokenKind::VerifyEmail)),
    fields: &["password"],
    kept: &[],
};

pub const FORGOT_PASSWORD: Form = Form {
    action: api::FORGOT_PASSWORD,
    page: FormPage::At(routes::FORGOT_PASSWORD),
    fields: &["email"],
    kept: &["email"],
};

pub const RESET_PASSWORD: Form = Form {
    action: api::RESET_PASSWORD,
    page: FormPage::At(mailed_link_page(TokenKind::ResetPassword)),
    fields: &["password"],
    kept: &[],
};

pub const CHANGE_PASSWORD: Form = Form {
    action: api::CHANGE_PASSWORD,
    page: FormPage::At(AccountPage::Security.path()),
    fields: &["current", "password"],
    kept: &[],
};

pub const REQUEST_EMAIL_CHANGE: Form = Form {
    action: api::REQUEST_EMAIL_CHANGE,
    page: FormPage::At(AccountPage::Profile.path()),
    fields: &["email"],
    kept: &["email"],
};

pub const CHANGE_EMAIL: Form = Form {
    action: api::CHANGE_EMAIL,
    page: FormPage::At(mailed_link_page(TokenKind::ChangeEmail)),
    fields: &[],
    kept: &[],
};

pub const UNDO_EMAIL_CHANGE: Form = Form {
    action: api::UNDO_EMAIL_CHANGE,
    page: FormPage::At(mailed_link_page(TokenKind::UndoEmailChange)),
    fields: &[],
    kept: &[],
};

pub const CHANGE_NAME: Form = Form {
    action: api::CHANGE_NAME,
    page: FormPage::At(AccountPage::Profile.path()),
    fields: &["name"],
    kept: &["name"],
};

pub const CHANGE_PICTURE: Form = Form {
    action: api::CHANGE_PICTURE,
    page: FormPage::At(AccountPage::Profile.path()),
    fields: &["picture"],
    kept: &[],
};

pub const REMOVE_PICTURE: Form = Form {
    action: api::REMOVE_PICTURE,
    page: FormPage::At(AccountPage::Profile.path()),
    fields: &[],
    kept: &[],
};

pub const REQUEST_DELETION: Form = Form {
    action: api::REQUEST_DELETION,
    page: FormPage::At(AccountPage::Profile.path()),
    fields: &[],
    kept: &[],
};

pub const DELETE_ACCOUNT: Form = Form {
    action: api::DELETE_ACCOUNT,
    page: FormPage::At(mailed_link_page(TokenKind::DeleteAccount)),
    fields: &[],
    kept: &[],
};

/// One for each provider of sign-in.
pub const OIDC_START: Form = Form {
    action: api::OIDC_START,
    page: FormPage::At(routes::SIGN_IN),
    fields: &[],
    kept: &[],
};

/// One for each provider that is connected.
pub const OIDC_CONFIRM: Form = Form {
    action: api::OIDC_CONFIRM,
    page: FormPage::At(routes::CONFIRM),
    fields: &[],
    kept: &[],
};

/// One for each provider that is not connected.
pub const OIDC_CONNECT: Form = Form {
    action: api::OIDC_CONNECT,
    page: FormPage::At(AccountPage::Security.path()),
    fields: &[],
    kept: &[],
};

/// One for each session of the list.
pub const END_SESSION: Form = Form {
    action: api::END_SESSION,
    page: FormPage::At(AccountPage::Security.path()),
    fields: &[],
    kept: &[],
};

/// Stands on a page of the provider; see [`FormPost::back_to`].
pub const OIDC_CONNECT_BY_PASSWORD: Form = Form {
    action: api::OIDC_CONNECT_BY_PASSWORD,
    page: FormPage::At(routes::SIGN_IN),
    fields: &["password"],
    kept: &[],
};

/// One for each provider that is connected.
pub const OIDC_DISCONNECT: Form = Form {
    action: api::OIDC_DISCONNECT,
    page: FormPage::At(AccountPage::Security.path()),
    fields: &[],
    kept: &[],
};

pub const END_OTHER_SESSIONS: Form = Form {
    action: api::END_OTHER_SESSIONS,
    page: FormPage::At(AccountPage::Security.path()),
    fields: &[],
    kept: &[],
};

/// What has to be typed so that nobody is signed out by a slip.
pub const SIGN_OUT_EVERYBODY_WORDS: &str = "sign out everybody";

pub const SIGN_OUT_EVERYBODY: Form = Form {
    action: api::SIGN_OUT_EVERYBODY,
    page: FormPage::At(AdminPage::Sessions.path()),
    fields: &["confirmation"],
    kept: &["confirmation"],
};

/// Stands on the page of one organization; see [`FormPost::back_to`].
pub const ADMIN_SET_LIMITS: Form = Form {
    action: api::ADMIN_SET_LIMITS,
    page: FormPage::At(AdminPage::Orgs.path()),
    fields: &["members", "projects", "storage_gb"],
    kept: &["members", "projects", "storage_gb"],
};

/// Stands on the page of one organization.
pub const ADMIN_RESTORE_ORG: Form = Form {
    action: api::ADMIN_RESTORE_ORG,
    page: FormPage::At(AdminPage::Orgs.path()),
    fields: &[],
    kept: &[],
};

/// Stands on the page of the cache, with a field for the slug, and on that of one
/// organization.
pub const ADMIN_FLUSH_ORG: Form = Form {
    action: api::ADMIN_FLUSH_ORG,
    page: FormPage::At(AdminPage::Cache.path()),
    fields: &["slug"],
    kept: &["slug"],
};

pub const ADMIN_FLUSH_USER: Form = Form {
    action: api::ADMIN_FLUSH_USER,
    page: FormPage::At(AdminPage::Cache.path()),
    fields: &["email"],
    kept: &["email"],
};

pub const ADMIN_FLUSH_ALL: Form = Form {
    action: api::ADMIN_FLUSH_ALL,
    page: FormPage::At(AdminPage::Cache.path()),
    fields: &[],
    kept: &[],
};

/// Stands on the page of one user.
pub const ADMIN_SUSPEND_USER: Form = Form {
    action: api::ADMIN_SUSPEND_USER,
    page: FormPage::At(AdminPage::Users.path()),
    fields: &[],
    kept: &[],
};

/// Stands on the page of one user.
pub const ADMIN_REINSTATE_USER: Form = Form {
    action: api::ADMIN_REINSTATE_USER,
    page: FormPage::At(AdminPage::Users.path()),
    fields: &[],
    kept: &[],
};

/// Stands on the page of one user.
pub const ADMIN_SIGN_OUT_USER: Form = Form {
    action: api::ADMIN_SIGN_OUT_USER,
    page: FormPage::At(AdminPage::Users.path()),
    fields: &[],
    kept: &[],
};

/// One for each dead letter, one for each kind that has any.
pub const ADMIN_RETRY_JOBS: Form = Form {
    action: api::ADMIN_RETRY_JOBS,
    page: FormPage::At(AdminPage::Jobs.path()),
    fields: &[],
    kept: &[],
};

/// One for each dead letter.
pub const ADMIN_DROP_JOB: Form = Form {
    action: api::ADMIN_DROP_JOB,
    page: FormPage::At(AdminPage::Jobs.path()),
    fields: &[],
    kept: &[],
};

/// Stands on the page of one event; see [`FormPost::back_to`].
pub const ADMIN_RETRY_WEBHOOK: Form = Form {
    action: api::ADMIN_RETRY_WEBHOOK,
    page: FormPage::At(AdminPage::Webhooks.path()),
    fields: &[],
    kept: &[],
};

/// The second step of signing in, by a code.
pub const COMPLETE_WITH_CODE: Form = Form {
    action: api::COMPLETE_WITH_CODE,
    page: FormPage::At(routes::SECOND_FACTOR),
    fields: &["code"],
    kept: &[],
};

/// The second step of signing in, by a passkey.
pub const COMPLETE_WITH_PASSKEY: Form = Form {
    action: api::COMPLETE_WITH_PASSKEY,
    page: FormPage::At(routes::SECOND_FACTOR),
    fields: &[],
    kept: &[],
};

pub const SIGN_IN_WITH_PASSKEY: Form = Form {
    action: api::SIGN_IN_WITH_PASSKEY,
    page: FormPage::At(routes::SIGN_IN),
    fields: &[],
    kept: &[],
};

pub const CONFIRM_WITH_CODE: Form = Form {
    action: api::CONFIRM_WITH_CODE,
    page: FormPage::At(routes::CONFIRM),
    fields: &["code"],
    kept: &[],
};

pub const CONFIRM_WITH_PASSKEY: Form = Form {
    action: api::CONFIRM_WITH_PASSKEY,
    page: FormPage::At(routes::CONFIRM),
    fields: &[],
    kept: &[],
};

pub const BEGIN_TOTP: Form = Form {
    action: api::BEGIN_TOTP,
    page: FormPage::At(routes::TOTP),
    fields: &[],
    kept: &[],
};

pub const TURN_ON_TOTP: Form = Form {
    action: api::TURN_ON_TOTP,
    page: FormPage::At(routes::TOTP),
    fields: &["code"],
    kept: &[],
};

pub const TURN_OFF_TOTP: Form = Form {
    action: api::TURN_OFF_TOTP,
    page: FormPage::At(routes::TOTP),
    fields: &[],
    kept: &[],
};

pub const REQUIRE_PASSKEY: Form = Form {
    action: api::REQUIRE_PASSKEY,
    page: FormPage::At(AccountPage::Security.path()),
    fields: &[],
    kept: &[],
};

pub const TURN_OFF_SECOND_FACTOR: Form = Form {
    action: api::TURN_OFF_SECOND_FACTOR,
    page: FormPage::At(AccountPage::Security.path()),
    fields: &[],
    kept: &[],
};

pub const MAKE_RECOVERY_CODES: Form = Form {
    action: api::MAKE_RECOVERY_CODES,
    page: FormPage::At(routes::RECOVERY_CODES),
    fields: &[],
    kept: &[],
};

pub const HIDE_RECOVERY_CODES: Form = Form {
    action: api::HIDE_RECOVERY_CODES,
    page: FormPage::At(routes::RECOVERY_CODES),
    fields: &[],
    kept: &[],
};

pub const ADD_PASSKEY: Form = Form {
    action: api::ADD_PASSKEY,
    page: FormPage::At(AccountPage::Security.path()),
    fields: &["name"],
    kept: &["name"],
};

/// One for each passkey of the list.
pub const RENAME_PASSKEY: Form = Form {
    action: api::RENAME_PASSKEY,
    page: FormPage::At(AccountPage::Security.path()),
    fields: &[],
    kept: &["passkey_id", "name"],
};

/// One for each passkey of the list.
pub const REMOVE_PASSKEY: Form = Form {
    action: api::REMOVE_PASSKEY,
    page: FormPage::At(AccountPage::Security.path()),
    fields: &[],
    kept: &["passkey_id"],
};

/// All forms.
pub const ALL: &[&Form] = &[
    &SIGN_IN,
    &SIGN_OUT,
    &CREATE_ORG,
    &UPDATE_ORG,
    &CHANGE_LOGO,
    &REMOVE_LOGO,
    &REQUIRE_SECOND_FACTOR,
    &STOP_REQUIRING_SECOND_FACTOR,
    &DELETE_ORG,
    &RESTORE_ORG,
    &LEAVE_ORG,
    &CHANGE_ROLE,
    &REMOVE_MEMBER,
    &SUSPEND_MEMBER,
    &REINSTATE_MEMBER,
    &BEGIN_BULK_CHANGE,
    &CANCEL_BULK_CHANGE,
    &UNDO_BULK_CHANGE,
    &OFFER_OWNERSHIP,
    &WITHDRAW_OWNERSHIP,
    &ACCEPT_OWNERSHIP,
    &DECLINE_OWNERSHIP,
    &INVITE,
    &INVITE_MANY,
    &IMPORT_INVITATIONS,
    &SEND_INVITATIONS,
    &RESEND_INVITATION,
    &COPY_INVITATION_LINK,
    &CANCEL_INVITATION,
    &ACCEPT_INVITATION,
    &DECLINE_INVITATION,
    &MAKE_JOIN_LINK,
    &REVOKE_JOIN_LINK,
    &SEND_DOMAIN_CODE,
    &VERIFY_DOMAIN,
    &CHANGE_DOMAIN_POLICY,
    &REMOVE_DOMAIN,
    &ACCEPT_JOIN_REQUEST,
    &DECLINE_JOIN_REQUEST,
    &FOLLOW_JOIN_LINK,
    &JOIN_BY_DOMAIN,
    &START_CHECKOUT,
    &CHANGE_PLAN,
    &TAKE_BACK_CHANGE,
    &CANCEL_SUBSCRIPTION,
    &RESTORE_SUBSCRIPTION,
    &OPEN_PORTAL,
    &CHANGE_BILLING_CONTACT,
    &SET_THEME,
    &CONFIRM,
    &SIGN_UP,
    &RESEND_VERIFICATION,
    &VERIFY_EMAIL,
    &FORGOT_PASSWORD,
    &RESET_PASSWORD,
    &CHANGE_PASSWORD,
    &REQUEST_EMAIL_CHANGE,
    &CHANGE_EMAIL,
    &UNDO_EMAIL_CHANGE,
    &CHANGE_NAME,
    &CHANGE_PICTURE,
    &REMOVE_PICTURE,
    &REQUEST_DELETION,
    &DELETE_ACCOUNT,
    &OIDC_START,
    &OIDC_CONFIRM,
    &OIDC_CONNECT,
    &OIDC_CONNECT_BY_PASSWORD,
    &OIDC_DISCONNECT,
    &END_SESSION,
    &END_OTHER_SESSIONS,
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
    &COMPLETE_WITH_CODE,
    &COMPLETE_WITH_PASSKEY,
    &SIGN_IN_WITH_PASSKEY,
    &CONFIRM_WITH_CODE,
    &CONFIRM_WITH_PASSKEY,
    &BEGIN_TOTP,
    &TURN_ON_TOTP,
    &TURN_OFF_TOTP,
    &REQUIRE_PASSKEY,
    &TURN_OFF_SECOND_FACTOR,
    &MAKE_RECOVERY_CODES,
    &HIDE_RECOVERY_CODES,
    &ADD_PASSKEY,
    &RENAME_PASSKEY,
    &REMOVE_PASSKEY,
];

/// The form that is posted to `path`.
fn by_action(path: &str) -> Option<&'static Form> {
    ALL.iter().copied().find(|form| form.action == path)
}

impl Form {
    /// The last part of the action: a name for cookies.
    fn name(&self) -> &'static str {
        self.action.rsplit('/').next().unwrap_or(self.action)
    }

    /// The page that the form was sent from, by what it carries in `org` and `return_to`
    /// (empty where it has no such fields). Always a path of ours that has the form.
    fn page(&self, org: &str, return_to: &str) -> String {
        match self.page {
            FormPage::At(page) => page.to_owned(),
            FormPage::Everywhere => {
                response::referring_path().unwrap_or_else(|| routes::HOME.to_owned())
            }
            FormPage::InOrg(pages) => {
                let is_one_of_ours = OrgPath::parse(return_to).is_some_and(|path| {
                    path.segment == org && path.page.is_some_and(|page| pages.contains(&page))
                });
                match (OrgSlug::parse(org), pages) {
                    (Ok(_), _) if is_one_of_ours => return_to.to_owned(),
                    (Ok(slug), [first, ..]) => first.path(&slug),
                    _ => routes::ORGS.to_owned(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_own_pages_only() {
        let list = "/orgs/acme/members?q=a&page=2";
        assert_eq!(CHANGE_ROLE.page("acme", list), list);
        assert_eq!(
            LEAVE_ORG.page("acme", "/orgs/acme/settings"),
            "/orgs/acme/settings"
        );
        for elsewhere in [
            "",
            "//evil.test",
            "/orgs/other/members",
            "/orgs/acme",
            "/orgs/acme/settings",
            "/orgs/acme/members/../../x",
            "https://evil.test/orgs/acme/members",
        ] {
            let page = CHANGE_ROLE.page("acme", elsewhere);
            assert_eq!(page, "/orgs/acme/members", "{elsewhere:?}");
        }
        assert_eq!(LEAVE_ORG.page("acme", list), "/orgs/acme");
        assert_eq!(UPDATE_ORG.page("acme", ""), "/orgs/acme/settings");
        assert_eq!(
            UPDATE_ORG.page("not a slug", "/orgs/not a slug/settings"),
            "/orgs"
        );
        assert_eq!(CREATE_ORG.page("", ""), "/orgs/new");
    }
}
