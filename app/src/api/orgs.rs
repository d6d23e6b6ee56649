//! Creating, changing and leaving organizations.

use leptos::prelude::*;
use orghub::{
    domain::{OrgName, OrgSlug},
    routes,
};

use super::form_post::{Done, FormPost};
use crate::{
    context,
    error::AppError,
    flash::{FormName, Notice},
};

/// Creates an organization whose owner is the person asking. Requires a person.
#[server(prefix = "/api", endpoint = "create_org")]
pub async fn create_org(
    /// Its name.
    #[server(default)]
    name: String,
    /// Its slug.
    #[server(default)]
    slug: String,
) -> Result<(), AppError> {
    FormPost::new(FormName::NewOrg, routes::NEW_ORG)
        .typed("name", &name)
        .typed("slug", &slug)
        .answer(async {
            let user = context::require_user()?;
            let slug = context::services()
                .orgs
                .create(
                    &user,
                    &OrgName::parse(&name)?,
                    &OrgSlug::parse(slug.trim())?,
                )
                .await?;
            Ok(Done::at(routes::org(&slug)).saying(Notice::OrgCreated))
        })
        .await
}

/// Changes the name and slug of the organization `org` names. Requires the right
/// to update it.
#[server(prefix = "/api", endpoint = "update_org")]
pub async fn update_org(
    /// Its slug until now.
    #[server(default)]
    org: String,
    /// Its name from now on.
    #[server(default)]
    name: String,
    /// Its slug from now on; the former one keeps leading to it.
    #[server(default)]
    slug: String,
) -> Result<(), AppError> {
    FormPost::new(FormName::OrgSettings, page_of(&org, routes::settings))
        .typed("name", &name)
        .typed("slug", &slug)
        .answer(async {
            let access = context::org_access(&org).await?;
            let slug = context::services()
                .orgs
                .update(
                    &access,
                    &OrgName::parse(&name)?,
                    &OrgSlug::parse(slug.trim())?,
                )
                .await?;
            Ok(Done::at(routes::settings(&slug)).saying(Notice::OrgSaved))
        })
        .await
}

/// Ends the asking person's own membership. Requires a membership; refused to the
/// only owner. The form stands on the overview and in the settings.
#[server(prefix = "/api", endpoint = "leave_org")]
pub async fn leave_org(
    /// Its slug.
    #[server(default)]
    org: String,
    /// The page the form stands on.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    let settings = page_of(&org, routes::settings);
    let page = if return_to == settings {
        settings
    } else {
        page_of(&org, routes::org)
    };
    FormPost::new(FormName::Leave, page)
        .answer(async {
            let access = context::org_access(&org).await?;
            context::services().orgs.leave(&access).await?;
            Ok(Done::at(routes::ORGS).saying(Notice::Left))
        })
        .await
}

/// The page of the organization `org` names, or the list when it names none.
pub(super) fn page_of(org: &str, page: impl FnOnce(&OrgSlug) -> String) -> String {
    OrgSlug::parse(org).map_or_else(|_no_such_slug| routes::ORGS.to_owned(), |slug| page(&slug))
}
