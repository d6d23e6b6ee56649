//! Creating, changing and leaving organizations.

use leptos::prelude::*;
use orghub::{
    domain::{OrgName, OrgSlug},
    routes::{self, OrgPage},
};

use crate::{
    context,
    error::AppError,
    forms::{self, Done, FormPost},
};

/// Creates an organization owned by the user. Requires a user.
#[server(prefix = "/api", endpoint = "create_org")]
pub async fn create_org(
    #[server(default)] name: String,
    #[server(default)] slug: String,
) -> Result<(), AppError> {
    FormPost::of(&forms::CREATE_ORG)
        .typed("name", &name)
        .typed("slug", &slug)
        .answer(async {
            let user = context::require_user()?;
            let name = OrgName::parse(&name)?;
            let slug = OrgSlug::parse(slug.trim())?;
            let slug = context::services().orgs.create(&user, &name, &slug).await?;
            Ok(Done::at(OrgPage::Overview.path(&slug)).saying("Your organization is ready."))
        })
        .await
}

/// Changes an organization's name and slug. Requires the permission to update it.
#[server(prefix = "/api", endpoint = "update_org")]
pub async fn update_org(
    /// The slug it has.
    #[server(default)]
    org: String,
    #[server(default)] name: String,
    /// The slug it will have; the former one keeps leading to it.
    #[server(default)]
    slug: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::UPDATE_ORG, &org, "")
        .typed("name", &name)
        .typed("slug", &slug)
        .answer(async {
            let access = context::org_access(&org).await?;
            let name = OrgName::parse(&name)?;
            let slug = OrgSlug::parse(slug.trim())?;
            let slug = context::services()
                .orgs
                .update(&access, &name, &slug)
                .await?;
            Ok(Done::at(OrgPage::Settings.path(&slug)).saying("Your changes are saved."))
        })
        .await
}

/// Ends the user's own membership. Requires a membership; refused to the only owner.
#[server(prefix = "/api", endpoint = "leave_org")]
pub async fn leave_org(
    #[server(default)] org: String,
    #[server(default)] return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::LEAVE_ORG, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            context::services().orgs.leave(&access).await?;
            Ok(Done::at(routes::ORGS).saying("You have left the organization."))
        })
        .await
}
