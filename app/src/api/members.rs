//! Changing and removing members.

use leptos::prelude::*;
use orghub::domain::{Invalid, MemberId, Role};

use crate::{
    context,
    error::AppError,
    forms::{self, Done, FormPost},
};

/// Gives a member another role. Requires the permission to manage members, and to manage
/// owners if one is made or unmade.
#[server(prefix = "/api", endpoint = "change_role")]
pub async fn change_role(
    #[server(default)] org: String,
    #[server(default)] member_id: String,
    #[server(default)] role: String,
    /// The list as it was shown, so that page, search and filter are not lost.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::CHANGE_ROLE, &org, &return_to)
        .typed("member_id", &member_id)
        .typed("role", &role)
        .answer(async {
            let access = context::org_access(&org).await?;
            context::services()
                .orgs
                .change_role(&access, parse_member(&member_id)?, role.parse::<Role>()?)
                .await?;
            Ok(Done::back().saying("Role changed."))
        })
        .await
}

/// Ends a membership. Requires the same permissions as changing its role.
#[server(prefix = "/api", endpoint = "remove_member")]
pub async fn remove_member(
    #[server(default)] org: String,
    #[server(default)] member_id: String,
    /// The list as it was shown.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::REMOVE_MEMBER, &org, &return_to)
        .typed("member_id", &member_id)
        .answer(async {
            let access = context::org_access(&org).await?;
            context::services()
                .orgs
                .remove_member(&access, parse_member(&member_id)?)
                .await?;
            Ok(Done::back().saying("Member removed."))
        })
        .await
}

fn parse_member(member_id: &str) -> Result<MemberId, Invalid> {
    member_id.parse().map_err(|_not_a_uuid| {
        Invalid::form("This member cannot be found. Reload the page and try again.")
    })
}
