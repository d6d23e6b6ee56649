//! What islands ask while a user types or opens a menu: by GET, without changing anything,
//! answered with no more than is shown.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use orghub::{
    domain::{MemberListQuery, MemberSort, OrgSlug, PageNumber, org_list::recent_first, text},
    routes::{self, OrgPage},
};
use orghub_ui::{components::total, context, error::AppError, response};
use serde::{Deserialize, Serialize};

use crate::services::services;

/// An organization in the menu that switches between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgLink {
    pub name: String,
    pub href: String,
}

/// Most organizations in the menu; "All organizations" leads to the rest.
pub const MAX_ORG_LINKS: usize = 12;

/// The user's organizations that `q` finds, those with the slugs `recent` first. Requires a
/// user.
#[server(prefix = "/api", endpoint = "my_orgs", input = GetUrl)]
pub async fn list_org_links(
    #[server(default)] q: String,
    /// What the browser remembers to have opened last, parted by commas. Anybody may write
    /// it: it only changes the order.
    #[server(default)]
    recent: String,
) -> Result<Vec<OrgLink>, AppError> {
    with_status(async {
        let user = context::require_user()?;
        let orgs = services().orgs.list_mine(&user).await?;
        let links = recent_first(&orgs, &q, &recent, MAX_ORG_LINKS);
        let links = links.into_iter().map(|org| OrgLink {
            name: org.name.clone(),
            href: OrgPage::Overview.path(&org.slug),
        });
        Ok(links.collect())
    })
    .await
}

/// A member in the command palette.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLink {
    pub name: String,
    pub email: String,
    /// The member list that shows them.
    pub href: String,
}

/// Most members in the palette; a search of the member list finds the rest.
pub const MAX_MEMBER_LINKS: usize = 8;

/// Members of the organization `org` that `q` finds, by name. Requires a membership. It is the
/// search of the member list, and as heavy.
#[server(prefix = "/api", endpoint = "find_members", input = GetUrl)]
pub async fn find_members(
    #[server(default)] org: String,
    #[server(default)] q: String,
) -> Result<Vec<MemberLink>, AppError> {
    with_status(async {
        let access = context::org_access(&org).await?;
        let found = |search: String| MemberListQuery {
            search,
            sort: MemberSort::Name,
            ..MemberListQuery::default()
        };
        let query = found(text::clean_search(&q));
        if query.search.is_empty() {
            return Ok(Vec::new());
        }
        let orgs = services().orgs.clone();
        let members = orgs.list_members(&access, &query).await?;
        let members = members.page.rows.iter().take(MAX_MEMBER_LINKS);
        let links = members.map(|member| MemberLink {
            name: member.name.clone(),
            email: member.email.clone(),
            href: routes::member_list(access.slug(), &found(member.email.clone())),
        });
        Ok(links.collect())
    })
    .await
}

/// How many members of the organization `org` the list finds whose address has these parameters
/// beside it: "1,234", or "10,000+". Requires a membership.
#[server(prefix = "/api", endpoint = "count_members", input = GetUrl)]
pub async fn count_members(#[server(default)] org: String) -> Result<String, AppError> {
    with_status(async {
        let access = context::org_access(&org).await?;
        let query = MemberListQuery::from_query(&response::request_query());
        let query = query.at_page(PageNumber::FIRST).with_total();
        let orgs = services().orgs.clone();
        let members = orgs.list_members(&access, &query).await?;
        Ok(total(&members.page))
    })
    .await
}

/// Whether no organization has, or had, the slug. Requires a user, so that nobody else can
/// list who uses the product.
#[server(prefix = "/api", endpoint = "is_slug_free", input = GetUrl)]
pub async fn is_slug_free(#[server(default)] slug: String) -> Result<bool, AppError> {
    with_status(async {
        let user = context::require_user()?;
        let slug = OrgSlug::parse(&slug)?;
        Ok(services().orgs.is_slug_free(&user, &slug).await?)
    })
    .await
}

/// Unlike a form's, an error here is the answer and has its own status.
async fn with_status<T>(work: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    work.await.inspect_err(response::set_error)
}
