//! Members of an organization.

use orghub_domain::routes::{OrgPage, api};

use crate::forms::Form;

/// One for each member of the list.
pub const CHANGE_ROLE: Form =
    Form::in_org(api::CHANGE_ROLE, &[OrgPage::Members]).keeping(&["member_id", "role"]);

/// One for each member of the list.
pub const REMOVE_MEMBER: Form =
    Form::in_org(api::REMOVE_MEMBER, &[OrgPage::Members]).keeping(&["member_id"]);

/// One for each member of the list.
pub const SUSPEND_MEMBER: Form =
    Form::in_org(api::SUSPEND_MEMBER, &[OrgPage::Members]).keeping(&["member_id"]);

/// One for each member of the list who is suspended.
pub const REINSTATE_MEMBER: Form =
    Form::in_org(api::REINSTATE_MEMBER, &[OrgPage::Members]).keeping(&["member_id"]);

/// Stands on the page that says who is meant.
pub const BEGIN_BULK_CHANGE: Form = Form::in_org(api::BEGIN_BULK_CHANGE, &[OrgPage::ChangeMembers]);

pub const CANCEL_BULK_CHANGE: Form = Form::in_org(api::CANCEL_BULK_CHANGE, &[OrgPage::BulkChange]);

pub const UNDO_BULK_CHANGE: Form = Form::in_org(api::UNDO_BULK_CHANGE, &[OrgPage::BulkChange]);

pub(super) const ALL: &[&Form] = &[
    &CHANGE_ROLE,
    &REMOVE_MEMBER,
    &SUSPEND_MEMBER,
    &REINSTATE_MEMBER,
    &BEGIN_BULK_CHANGE,
    &CANCEL_BULK_CHANGE,
    &UNDO_BULK_CHANGE,
];
