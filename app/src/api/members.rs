//! Changing and removing members.

use leptos::prelude::*;
use orghub::{
    domain::{Invalid, MemberId, Role},
    routes,
};

use super::{
    form_post::{Done, FormPost},
    orgs::page_of,
};
use crate::{
    context,
    error::AppError,
    flash::{FormName, Notice},
};

/// Gives the member `member_id` the role `role`. Requires the right to manage
/// members, and that of owners where ownership is touched.
#[server(prefix = "/api", endpoint = "change_role")]
pub async fn change_role(
    /// The organization's slug.
    #[server(default)]
    org: String,
    /// The membership.
    #[server(default)]
    member_id: String,
    /// The role.
    #[server(default)]
    role: String,
    /// The list as it was shown: path and query.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    member_post(&org, &member_id, &return_to)
        .typed("role", &role)
        .answer(async {
            let access = context::org_access(&org).await?;
            context::services()
                .orgs
                .change_role(&access, parse_member(&member_id)?, role.parse::<Role>()?)
                .await?;
            Ok(Done::at(list_page(&org, &return_to)).saying(Notice::RoleChanged))
        })
        .await
}

/// Ends the membership `member_id`. Requires the same rights as changing its role.
#[server(prefix = "/api", endpoint = "remove_member")]
pub async fn remove_member(
    /// The organization's slug.
    #[server(default)]
    org: String,
    /// The membership.
    #[server(default)]
    member_id: String,
    /// The list as it was shown: path and query.
    #[server(default)]
    return_to: String,
) -> Result<(), AppError> {
    member_post(&org, &member_id, &return_to)
        .answer(async {
            let access = context::org_access(&org).await?;
            context::services()
                .orgs
                .remove_member(&access, parse_member(&member_id)?)
                .await?;
            Ok(Done::at(list_page(&org, &return_to)).saying(Notice::MemberRemoved))
        })
        .await
}

fn member_post(org: &str, member_id: &str, return_to: &str) -> FormPost {
    FormPost::new(FormName::Member, list_page(org, return_to)).typed("member_id", member_id)
}

/// The list as it was shown, so that page, search and filter are not lost.
fn list_page(org: &str, return_to: &str) -> String {
    let members = page_of(org, routes::members);
    let is_this_list = return_to
        .strip_prefix(members.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('?'));
    if is_this_list {
        return_to.to_owned()
    } else {
        members
    }
}

fn parse_member(member_id: &str) -> Result<MemberId, Invalid> {
    member_id.parse().map_err(|_no_uuid| {
        Invalid::new(
            "",
            "This member cannot be found. Reload the page and try again.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_own_list_only() {
        assert_eq!(
            list_page("acme", "/orgs/acme/members?q=a&page=2"),
            "/orgs/acme/members?q=a&page=2"
        );
        for elsewhere in [
            "",
            "//evil.test",
            "/orgs/other/members",
            "/orgs/acme/members/../../x",
            "https://evil.test",
        ] {
            assert_eq!(
                list_page("acme", elsewhere),
                "/orgs/acme/members",
                "{elsewhere:?}"
            );
        }
        assert_eq!(list_page("not a slug", "/orgs"), "/orgs");
    }
}
