//! Members, their roles, and the member list.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Invalid, MemberId, PageNumber, UserId};

/// What a member may do; [`super::Permission`] has the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, ownership and deletion included.
    Owner,
    /// Everything but ownership and deletion.
    Admin,
    /// Reads.
    Member,
}

impl Role {
    /// All roles, the most powerful first.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Admin, Self::Member];

    /// The role in database, forms and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// The role in words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Member => "Member",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Invalid::new("role", "Choose owner, admin or member."))
    }
}

/// Exactly the columns the member list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    /// The membership.
    pub id: MemberId,
    /// The person.
    pub user_id: UserId,
    /// Display name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Role in this organization.
    pub role: Role,
    /// When the person joined.
    pub joined_at: OffsetDateTime,
}

/// Order of the member list. Every order ends in the id, so that no row shows
/// twice while members come and go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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

    /// The order in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Name => "name",
            Self::Role => "role",
        }
    }
}

/// Which roles the member list shows: all, or one.
pub type RoleFilter = Option<Role>;

/// What a member list's address asks for. Reading it never fails: what makes no
/// sense means the default, so that no address leads to an error page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MemberListQuery {
    /// Page, from 1.
    pub page: PageNumber,
    /// Part of a name or address to look for, taken literally; empty: everybody.
    pub search: String,
    /// Only this role.
    pub role: RoleFilter,
    /// Order.
    pub sort: MemberSort,
}

impl MemberListQuery {
    /// Most characters of a search; the rest is dropped.
    pub const MAX_SEARCH_LENGTH: usize = 100;

    /// Reads the address's parameters `page`, `q`, `role`, `sort`.
    pub fn from_params<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |name| get(name).unwrap_or_default();
        Self {
            page: PageNumber::parse(text("page")),
            search: text("q")
                .trim()
                .replace('\0', "")
                .chars()
                .take(Self::MAX_SEARCH_LENGTH)
                .collect(),
            role: text("role").parse().ok(),
            sort: MemberSort::ALL
                .into_iter()
                .find(|sort| sort.as_str() == text("sort"))
                .unwrap_or_default(),
        }
    }

    /// The same list, another page.
    pub fn at_page(&self, page: PageNumber) -> Self {
        Self {
            page,
            ..self.clone()
        }
    }

    /// The address's parameters, defaults left out, in a fixed order.
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
