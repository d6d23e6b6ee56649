//! What islands ask while somebody types or opens a menu. They are answered by
//! GET, change nothing, and carry no more than is shown.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::context;
use crate::error::AppError;

/// An organization in the menu that switches between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgLink {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// Most organizations of the menu; "all organizations" leads to the rest.
pub const MAX_ORG_LINKS: usize = 12;

/// The asking person's organizations. Requires a person.
#[server(prefix = "/api", endpoint = "my_orgs", input = GetUrl)]
pub async fn list_org_links() -> Result<Vec<OrgLink>, AppError> {
    with_status(async {
        let user = context::require_user()?;
        let orgs = context::services().orgs.list_mine(&user).await?;
        Ok(orgs
            .iter()
            .take(MAX_ORG_LINKS)
            .map(|org| OrgLink {
                slug: org.slug.to_string(),
                name: org.name.clone(),
            })
            .collect())
    })
    .await
}

/// Whether no organization has, or had, the slug. Requires a person, so that
/// nobody else can list who uses the product.
#[server(prefix = "/api", endpoint = "is_slug_free", input = GetUrl)]
pub async fn is_slug_free(
    /// The slug, well-formed.
    slug: String,
) -> Result<bool, AppError> {
    with_status(async {
        context::require_user()?;
        let slug = orghub::domain::OrgSlug::parse(&slug)?;
        Ok(context::services().orgs.is_slug_free(&slug).await?)
    })
    .await
}

/// An error among answers to islands carries its own status.
#[cfg(feature = "ssr")]
async fn with_status<T>(work: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    work.await
        .inspect_err(|error| crate::response::set_status(error.status()))
}
