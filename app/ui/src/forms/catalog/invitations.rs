//! Invitations, from both sides.

use orghub_domain::routes::{self, OrgPage, api};

use crate::forms::Form;

pub const INVITE: Form = Form::in_org(api::INVITE, &[OrgPage::Invitations])
    .showing(&["email", "role"])
    .keeping(&["email", "role"]);

/// What was pasted is longer than what is kept of a form; the endpoint keeps it itself.
pub const INVITE_MANY: Form = Form::in_org(api::INVITE_MANY, &[OrgPage::Invitations])
    .showing(&["addresses", "role"])
    .keeping(&["role"]);

pub const IMPORT_INVITATIONS: Form =
    Form::in_org(api::IMPORT_INVITATIONS, &[OrgPage::Invitations]).showing(&["file"]);

/// Stands below a list that was checked.
pub const SEND_INVITATIONS: Form = Form::in_org(api::SEND_INVITATIONS, &[OrgPage::Invitations]);

/// One for each invitation of the list.
pub const RESEND_INVITATION: Form =
    Form::in_org(api::RESEND_INVITATION, &[OrgPage::Invitations]).keeping(&["invitation_id"]);

/// One for each invitation of the list.
pub const COPY_INVITATION_LINK: Form =
    Form::in_org(api::COPY_INVITATION_LINK, &[OrgPage::Invitations]).keeping(&["invitation_id"]);

/// One for each invitation of the list.
pub const CANCEL_INVITATION: Form =
    Form::in_org(api::CANCEL_INVITATION, &[OrgPage::Invitations]).keeping(&["invitation_id"]);

/// Stands on the page of an invitation; see [`crate::forms::FormPost::back_to`].
pub const ACCEPT_INVITATION: Form = Form::at(api::ACCEPT_INVITATION, routes::ORGS);

/// As [`ACCEPT_INVITATION`].
pub const DECLINE_INVITATION: Form = Form::at(api::DECLINE_INVITATION, routes::ORGS);

pub(super) const ALL: &[&Form] = &[
    &INVITE,
    &INVITE_MANY,
    &IMPORT_INVITATIONS,
    &SEND_INVITATIONS,
    &RESEND_INVITATION,
    &COPY_INVITATION_LINK,
    &CANCEL_INVITATION,
    &ACCEPT_INVITATION,
    &DECLINE_INVITATION,
];
