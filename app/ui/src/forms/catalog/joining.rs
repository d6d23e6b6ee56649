//! Ways to join without an invitation.

use orghub_domain::routes::{self, OrgPage, api};

use crate::forms::Form;

pub const MAKE_JOIN_LINK: Form = Form::in_org(api::MAKE_JOIN_LINK, &[OrgPage::Joining])
    .showing(&["life", "most_uses", "domains"])
    .keeping(&["life", "most_uses", "domains", "asks_first"]);

/// One for each link of the list.
pub const REVOKE_JOIN_LINK: Form =
    Form::in_org(api::REVOKE_JOIN_LINK, &[OrgPage::Joining]).keeping(&["link_id"]);

pub const SEND_DOMAIN_CODE: Form = Form::in_org(api::SEND_DOMAIN_CODE, &[OrgPage::Joining])
    .showing(&["email"])
    .keeping(&["email"]);

/// One for each domain that a code is on its way for.
pub const VERIFY_DOMAIN: Form =
    Form::in_org(api::VERIFY_DOMAIN, &[OrgPage::Joining]).keeping(&["domain"]);

/// One for each domain of the list.
pub const CHANGE_DOMAIN_POLICY: Form =
    Form::in_org(api::CHANGE_DOMAIN_POLICY, &[OrgPage::Joining]).keeping(&["domain", "policy"]);

/// One for each domain of the list.
pub const REMOVE_DOMAIN: Form =
    Form::in_org(api::REMOVE_DOMAIN, &[OrgPage::Joining]).keeping(&["domain"]);

/// One for each request of the list.
pub const ACCEPT_JOIN_REQUEST: Form =
    Form::in_org(api::ACCEPT_JOIN_REQUEST, &[OrgPage::Joining]).keeping(&["request_id"]);

/// One for each request of the list.
pub const DECLINE_JOIN_REQUEST: Form =
    Form::in_org(api::DECLINE_JOIN_REQUEST, &[OrgPage::Joining]).keeping(&["request_id"]);

/// Stands on the page of a join link; see [`crate::forms::FormPost::back_to`].
pub const FOLLOW_JOIN_LINK: Form = Form::at(api::FOLLOW_JOIN_LINK, routes::ORGS);

/// One for each organization that the user can join.
pub const JOIN_BY_DOMAIN: Form =
    Form::at(api::JOIN_BY_DOMAIN, routes::ORGS).keeping(&["organization"]);

pub(super) const ALL: &[&Form] = &[
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
];
