//! An organization itself, and who owns it.

use orghub_domain::routes::{self, OrgPage, api};

use crate::forms::Form;

pub const CREATE_ORG: Form = Form::at(api::CREATE_ORG, routes::NEW_ORG)
    .showing(&["name", "slug"])
    .keeping(&["name", "slug"]);

pub const UPDATE_ORG: Form = Form::in_org(api::UPDATE_ORG, &[OrgPage::Settings])
    .showing(&["name", "slug"])
    .keeping(&["name", "slug"]);

pub const CHANGE_LOGO: Form =
    Form::in_org(api::CHANGE_LOGO, &[OrgPage::Settings]).showing(&["logo"]);

pub const REMOVE_LOGO: Form = Form::in_org(api::REMOVE_LOGO, &[OrgPage::Settings]);

pub const REQUIRE_SECOND_FACTOR: Form =
    Form::in_org(api::REQUIRE_SECOND_FACTOR, &[OrgPage::SecondFactor])
        .showing(&["from"])
        .keeping(&["from"]);

pub const STOP_REQUIRING_SECOND_FACTOR: Form =
    Form::in_org(api::STOP_REQUIRING_SECOND_FACTOR, &[OrgPage::SecondFactor]);

pub const OFFER_OWNERSHIP: Form = Form::in_org(api::OFFER_OWNERSHIP, &[OrgPage::Settings])
    .showing(&["email"])
    .keeping(&["email"]);

pub const WITHDRAW_OWNERSHIP: Form = Form::in_org(api::WITHDRAW_OWNERSHIP, &[OrgPage::Settings]);

pub const ACCEPT_OWNERSHIP: Form = Form::in_org(api::ACCEPT_OWNERSHIP, &[OrgPage::Overview]);

pub const DECLINE_OWNERSHIP: Form = Form::in_org(api::DECLINE_OWNERSHIP, &[OrgPage::Overview]);

pub const DELETE_ORG: Form = Form::in_org(api::DELETE_ORG, &[OrgPage::Settings])
    .showing(&["confirmation"])
    .keeping(&["confirmation"]);

/// Stands where the deleted organization's pages were.
pub const RESTORE_ORG: Form = Form::in_org(api::RESTORE_ORG, &[OrgPage::Overview]);

pub const LEAVE_ORG: Form = Form::in_org(api::LEAVE_ORG, &[OrgPage::Overview, OrgPage::Settings]);

pub(super) const ALL: &[&Form] = &[
    &CREATE_ORG,
    &UPDATE_ORG,
    &CHANGE_LOGO,
    &REMOVE_LOGO,
    &REQUIRE_SECOND_FACTOR,
    &STOP_REQUIRING_SECOND_FACTOR,
    &OFFER_OWNERSHIP,
    &WITHDRAW_OWNERSHIP,
    &ACCEPT_OWNERSHIP,
    &DECLINE_OWNERSHIP,
    &DELETE_ORG,
    &RESTORE_ORG,
    &LEAVE_ORG,
];
