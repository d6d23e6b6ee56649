//! Creating, changing, deleting and leaving organizations.

use leptos::{
    prelude::*,
    server_fn::codec::{MultipartData, MultipartFormData},
};
use orghub::{
    domain::{Edit, FirstDay, OrgName, OrgSlug, PictureOf, text},
    routes::{self, OrgPage},
};
use orghub_ui::{
    context,
    error::AppError,
    forms::{self, Done, FormPost, FormUrl},
};

use super::upload::Upload;
use crate::services::services;

/// Creates an organization owned by the user, with a slug made from its name if none is
/// given. Requires a user with a verified address.
#[server(prefix = "/api", endpoint = "create_org", input = FormUrl)]
pub async fn create_org(
    #[server(default)] name: String,
    #[server(default)] slug: String,
) -> Result<(), AppError> {
    FormPost::of(&forms::CREATE_ORG)
        .answer(async {
            let user = context::signed_in()?;
            let name = OrgName::parse(&name)?;
            let orgs = services().orgs.clone();
            let slug = match text::trimmed(&slug) {
                "" => orgs.create_with_any_slug(&user, &name).await?,
                slug => orgs.create(&user, &name, &OrgSlug::parse(slug)?).await?,
            };
            Ok(Done::at(OrgPage::Overview.path(&slug)).saying("Your organization is ready."))
        })
        .await
}

/// Changes an organization's name and slug, whichever differs from what was shown. Requires
/// the permission to update it.
#[server(prefix = "/api", endpoint = "update_org", input = FormUrl)]
pub async fn update_org(
    /// The slug it has.
    #[server(default)]
    org: String,
    #[server(default)] name: String,
    /// The slug it will have; the former one keeps leading to it.
    #[server(default)]
    slug: String,
    /// The name that was shown.
    #[server(default)]
    was_name: String,
    /// The slug that was shown; without it, `org`.
    #[server(default)]
    was_slug: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::UPDATE_ORG, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let name = Edit::new(was_name, OrgName::parse(&name)?);
            let was_slug = if was_slug.is_empty() { &org } else { &was_slug };
            let slug = Edit::new(was_slug.clone(), OrgSlug::parse(text::trimmed(&slug))?);
            let slug = services().orgs.update(&access, name, slug).await?;
            Ok(Done::at(OrgPage::Settings.path(&slug)).saying("Your changes are saved."))
        })
        .await
}

/// Gives an organization a logo, from the file `logo`; its field `org` comes before that.
/// Requires the permission to update it.
#[server(prefix = "/api", endpoint = "change_logo", input = MultipartFormData)]
pub async fn change_logo(data: MultipartData) -> Result<(), AppError> {
    let Upload { org, file } = Upload::picture(data, PictureOf::Organization).await;
    FormPost::in_org(&forms::CHANGE_LOGO, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let orgs = services().orgs.clone();
            orgs.change_logo(&access, file?).await?;
            Ok(Done::back().saying("The logo is saved."))
        })
        .await
}

/// Takes an organization's logo away. Requires the permission to update it.
#[server(prefix = "/api", endpoint = "remove_logo", input = FormUrl)]
pub async fn remove_logo(#[server(default)] org: String) -> Result<(), AppError> {
    FormPost::in_org(&forms::REMOVE_LOGO, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            services().orgs.remove_logo(&access).await?;
            Ok(Done::back().saying("The logo is removed."))
        })
        .await
}

/// Has an organization require a second factor of its members. Requires the permission to
/// delete it, a fresh proof, and a second factor.
#[server(prefix = "/api", endpoint = "require_second_factor", input = FormUrl)]
pub async fn require_second_factor(
    #[server(default)] org: String,
    /// The first day, as `2027-01-31`.
    #[server(default)]
    from: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::REQUIRE_SECOND_FACTOR, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let from = FirstDay::parse(&from)?;
            let orgs = services().orgs.clone();
            orgs.require_second_factor(&access, from).await?;
            Ok(Done::back().saying(&format!(
                "A second factor is required from {from} on. We tell those who have none."
            )))
        })
        .await
}

/// Has an organization require no second factor any more. Requires the permission to delete
/// it, and a fresh proof.
#[server(prefix = "/api", endpoint = "stop_requiring_second_factor", input = FormUrl)]
pub async fn stop_requiring_second_factor(#[server(default)] org: String) -> Result<(), AppError> {
    FormPost::in_org(&forms::STOP_REQUIRING_SECOND_FACTOR, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let orgs = services().orgs.clone();
            orgs.stop_requiring_second_factor(&access).await?;
            Ok(Done::back().saying("A second factor is not required any more."))
        })
        .await
}

/// Deletes an organization. Requires the permission to delete it, a fresh proof, and its
/// slug, typed.
#[server(prefix = "/api", endpoint = "delete_org", input = FormUrl)]
pub async fn delete_org(
    #[server(default)] org: String,
    #[server(default)] confirmation: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::DELETE_ORG, &org, "")
        .answer(async {
            let access = context::org_access(&org).await?;
            let orgs = services().orgs.clone();
            orgs.delete(&access, &confirmation).await?;
            let name = text::isolated(&access.membership().org_name);
            Ok(Done::at(routes::ORGS).saying(&format!(
                "{name} is deleted. Its owners can restore it for 30 days."
            )))
        })
        .await
}

/// Restores a deleted organization. Requires a user who owns it; a proof of membership is
/// what nobody has then.
#[server(prefix = "/api", endpoint = "restore_org", input = FormUrl)]
pub async fn restore_org(#[server(default)] org: String) -> Result<(), AppError> {
    FormPost::in_org(&forms::RESTORE_ORG, &org, "")
        .answer(async {
            let user = context::signed_in()?;
            let slug = OrgSlug::parse(&org).map_err(|_not_a_slug| AppError::NotFound)?;
            let slug = services().orgs.restore(&user, &slug).await?;
            Ok(Done::at(OrgPage::Overview.path(&slug)).saying("The organization is restored."))
        })
        .await
}

/// Ends the user's own membership. Requires a membership; refused to the only owner.
#[server(prefix = "/api", endpoint = "leave_org", input = FormUrl)]
pub async fn leave_org(
    #[server(default)] org: String,
    #[server(default)] return_to: String,
) -> Result<(), AppError> {
    FormPost::in_org(&forms::LEAVE_ORG, &org, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            services().orgs.leave(&access).await?;
            Ok(Done::at(routes::ORGS).saying("You have left the organization."))
        })
        .await
}
