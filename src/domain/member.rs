//! Members, their roles, and the member list.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use time::OffsetDateTime;

use super::{Invalid, MemberId, OrgId, Page, PageNumber, UserId};

/// What a member may do; [`super::Permission`] has the table. The text is that of
/// database, forms and addresses.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display, IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Role {
    /// May do everything, ownership and deletion included.
    Owner,
    /// May do everything but ownership and deletion.
    Admin,
    /// Reads.
    Member,
}

impl Role {
    /// All roles, the most powerful first.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Admin, Self::Member];

    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The role as pages show it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Member => "Member",
        }
    }
}

impl FromStr for Role {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let role = Self::ALL.into_iter().find(|role| role.as_str() == text);
        role.ok_or_else(|| Invalid::new("role", "Choose owner, admin or member."))
    }
}

/// Exactly the columns the member list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    pub id: MemberId,
    pub user_id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub joined_at: OffsetDateTime,
}

/// A page of an organization's member list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPage {
    /// Whose members these are: compared with the reader's membership before use.
    pub org_id: OrgId,
    pub page: Page<MemberRow>,
}

/// Order of the member list. Every order ends in the id, so that no row shows
/// twice while members come and go. The text is that of addresses.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum MemberSort {
    /// Newest first.
    #[default]
    Joined,
    /// By name, A first.
    Name,
    /// Owners, admins, members; newest first within a role.
    Role,
}

impl MemberSort {
    /// All orders, the default first.
    pub const ALL: [Self; 3] = [Self::Joined, Self::Name, Self::Role];

    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Which roles the member list shows; `None`: all.
pub type RoleFilter = Option<Role>;

/// The member list an address asks for. Reading it never fails: nonsense means the
/// default, so no address leads to an error page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MemberListQuery {
    pub page: PageNumber,
    /// Part of a name or address, taken literally; empty: everybody.
    pub search: String,
    /// Only this role.
    pub role: RoleFilter,
    pub sort: MemberSort,
}

impl MemberListQuery {
    /// Most characters of a search; the rest is dropped.
    pub const MAX_SEARCH_LENGTH: usize = 100;

    /// Reads the parameters `page`, `q`, `role` and `sort` of an address's query. Of one
    /// that is there twice, the last counts.
    pub fn from_query(query: &str) -> Self {
        let mut list = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "page" => list.page = PageNumber::parse(&value),
                "q" => list.search = Self::clean_search(&value),
                "role" => list.role = value.parse().ok(),
                "sort" => list.sort = value.parse().unwrap_or_default(),
                _ => {}
            }
        }
        list
    }

    /// A NUL is no text to PostgreSQL.
    fn clean_search(text: &str) -> String {
        let text = text.trim().replace('\0', "");
        text.chars().take(Self::MAX_SEARCH_LENGTH).collect()
    }

    /// Another page of the same list.
    pub fn at_page(&self, page: PageNumber) -> Self {
        Self {
            page,
            ..self.clone()
        }
    }

    /// The address's parameters in a fixed order, defaults left out.
    pub fn to_params(&self) -> Vec<(&'static str, String)> {
        let mut params = Vec::new();
        if !self.search.is_empty() {
            params.push(("q", self.search.clone()));
        }
        if let Some(role) = self.role {
            params.push(("role", role.to_string()));
        }
        if self.sort != MemberSort::default() {
            params.push(("sort", self.sort.as_str().to_owned()));
        }
        if self.page != PageNumber::FIRST {
            params.push(("page", self.page.to_string()));
        }
        params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_in_an_address_means_the_default() {
        for query in [
            "",
            "page",
            "page=-1",
            "role=king&sort=size",
            "q=%00",
            "x=%ff",
            "&&=",
        ] {
            assert_eq!(
                MemberListQuery::from_query(query),
                MemberListQuery::default(),
                "{query:?}"
            );
        }
    }

    #[test]
    fn the_last_of_two_parameters_counts() {
        let list = MemberListQuery::from_query("page=2&q=a+b&page=3&sort=name");
        assert_eq!(list.page, PageNumber::new(3));
        assert_eq!(list.search, "a b");
        assert_eq!(list.sort, MemberSort::Name);
    }
}
