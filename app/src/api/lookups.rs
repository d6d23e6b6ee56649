//! What islands ask while a user types or opens a menu: by GET, without changing anything,
//! answered with no more than is shown.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use orghub::domain::OrgSlug;
use serde::{Deserialize, Serialize};

use crate::error::AppError;
#[cfg(feature = "ssr")]
use crate::{context, response};

/// An organization in the menu that switches between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgLink {
    pub slug: OrgSlug,
    pub name: String,
}

/// Most organizations in the menu; "All organizations" leads to the rest.
pub const MAX_ORG_LINKS: usize = 12;

/// The user's organizations. Requires a user.
#[server(prefix = "/api", endpoint = "my_orgs", input = GetUrl)]
pub async fn list_org_links() -> Result<Vec<OrgLink>, AppError> {
    with_status(async {
        let user = context::require_user()?;
        let orgs = context::services().orgs.list_mine(&user).await?;
        let links = orgs.iter().take(MAX_ORG_LINKS).map(|org| OrgLink {
            slug: org.slug.clone(),
            name: org.name.clone(),
        });
        Ok(links.collect())
    })
    .await
}

/// Whether no organization has, or had, the slug. Requires a user, so that nobody else can
/// list who uses the product.
#[server(prefix = "/api", endpoint = "is_slug_free", input = GetUrl)]
pub async fn is_slug_free(slug: String) -> Result<bool, AppError> {
    with_status(async {
        context::require_user()?;
        let slug = OrgSlug::parse(&slug)?;
        Ok(context::services().orgs.is_slug_free(&slug).await?)
    })
    .await
}

/// Unlike a form's, an error here is the answer and has its own status.
#[cfg(feature = "ssr")]
async fn with_status<T>(work: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    work.await.inspect_err(response::set_error)
}
