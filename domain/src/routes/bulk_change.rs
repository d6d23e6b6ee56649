//! Changing many members at once: who is meant, and how far it is.

use super::{OrgPage, param_in, with_query};
use crate::{BulkAction, BulkChangeId, Invalid, MemberListQuery, OrgSlug, PageNumber};

/// The parameter that says what is to be done, and the name of its field.
const ACTION: &str = "action";

/// The parameter that says which change.
const CHANGE: &str = "change";

/// Who would be changed of those whom the list finds, by this action, or with none the choice
/// of one.
pub fn change_members(
    slug: &OrgSlug,
    query: &MemberListQuery,
    action: Option<BulkAction>,
) -> String {
    let mut params = query.at_page(PageNumber::FIRST).to_params();
    params.extend(action.map(|action| (ACTION, action.as_str().to_owned())));
    with_query(OrgPage::ChangeMembers.path(slug), &params)
}

/// What the address with this query is to do; `None`: it does not say.
///
/// # Errors
/// [`Invalid`] for the field, if it says something else.
pub fn action_in(query: &str) -> Result<Option<BulkAction>, Invalid> {
    let is_asked = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == ACTION);
    is_asked
        .then(|| param_in(query, ACTION).parse())
        .transpose()
}

/// How far this change is.
pub fn bulk_change(slug: &OrgSlug, change: BulkChangeId) -> String {
    with_query(
        OrgPage::BulkChange.path(slug),
        &[(CHANGE, change.to_string())],
    )
}

/// The change that the address with this query is about.
///
/// # Errors
/// [`Invalid`] if it names something else; `Ok(None)`: it names none.
pub fn bulk_change_in(query: &str) -> Result<Option<BulkChangeId>, Invalid> {
    let id = param_in(query, CHANGE);
    if id.is_empty() {
        return Ok(None);
    }
    id.parse()
        .map(Some)
        .map_err(|_not_a_uuid| Invalid::form("There is no such change."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    #[test]
    fn an_address_says_who_is_meant_and_what_is_done() {
        let slug = OrgSlug::parse("acme").expect("a slug");
        let list = MemberListQuery::from_query("q=ada&role=admin&page=3");
        let action = BulkAction::ChangeRole(Role::Member);
        let address = change_members(&slug, &list, Some(action));
        assert_eq!(
            address,
            "/orgs/acme/members/change?q=ada&role=admin&action=member"
        );
        let (_, query) = address.split_once('?').expect("a query");
        assert_eq!(action_in(query), Ok(Some(action)));
        assert_eq!(
            MemberListQuery::from_query(query),
            list.at_page(PageNumber::FIRST)
        );
        assert_eq!(action_in("q=ada"), Ok(None));
        for nonsense in ["action=", "action=owner", "action=x&action=remove"] {
            assert!(action_in(nonsense).is_err(), "{nonsense}");
        }
        let id = BulkChangeId::from(uuid::Uuid::nil());
        let address = bulk_change(&slug, id);
        let (_, query) = address.split_once('?').expect("a query");
        assert_eq!(bulk_change_in(query), Ok(Some(id)));
        assert_eq!(bulk_change_in("page=2"), Ok(None));
        assert!(bulk_change_in("change=x").is_err());
    }
}
