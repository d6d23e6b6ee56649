//! Changing, suspending and removing members.

use leptos::prelude::*;
use orghub::{
    domain::{Edit, Invalid, MemberId, Role},
    routes,
};
use orghub_ui::{
    context,
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
};

use crate::services::services;

/// Gives a member another role. Requires the permission to manage members, and to manage
/// owners if one is made or unmade.
#[server(prefix = "/api", endpoint = "change_role", input = FormUrl)]
pub async fn change_role(
    #[server(default)] org: String,
    #[server(default)] member_id: String,
    #[server(default)] role: String,
    /// The role that was shown.
    #[server(default)]
    was: String,
    /// The list as it was shown, so that page, search and filter are not lost.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::CHANGE_ROLE, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            services()
                .orgs
                .change_role(
                    &access,
                    parse_member(&member_id)?,
                    Edit::new(was, role.parse::<Role>()?),
                )
                .await?;
            Ok(Done::back().saying("Role changed."))
        })
        .await
}

/// Ends a membership. Requires the same permissions as changing its role.
#[server(prefix = "/api", endpoint = "remove_member", input = FormUrl)]
pub async fn remove_member(
    #[server(default)] org: String,
    #[server(default)] member_id: String,
    /// The list as it was shown.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::REMOVE_MEMBER, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let member = parse_member(&member_id)?;
            let orgs = services().orgs.clone();
            orgs.remove_member(&access, member).await?;
            Ok(if member == access.membership().member_id {
                Done::at(routes::ORGS).saying("You have left the organization.")
            } else {
                Done::back().saying("Member removed.")
            })
        })
        .await
}

/// Takes a member's access away until they are reinstated. Requires the same permissions as
/// removing them.
#[server(prefix = "/api", endpoint = "suspend_member", input = FormUrl)]
pub async fn suspend_member(
    #[server(default)] org: String,
    #[server(default)] member_id: String,
    /// The list as it was shown.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::SUSPEND_MEMBER, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let orgs = services().orgs.clone();
            orgs.suspend_member(&access, parse_member(&member_id)?)
                .await?;
            Ok(Done::back().saying("Member suspended."))
        })
        .await
}

/// Gives a suspended member access again. Requires the permission to give their role.
#[server(prefix = "/api", endpoint = "reinstate_member", input = FormUrl)]
pub async fn reinstate_member(
    #[server(default)] org: String,
    #[server(default)] member_id: String,
    /// The list as it was shown.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::REINSTATE_MEMBER, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            let orgs = services().orgs.clone();
            orgs.reinstate_member(&access, parse_member(&member_id)?)
                .await?;
            Ok(Done::back().saying("Member reinstated."))
        })
        .await
}

fn parse_member(member_id: &str) -> Result<MemberId, Invalid> {
    member_id.parse().map_err(|_not_a_uuid| {
        Invalid::form("This member cannot be found. Reload the page and try again.")
    })
}
