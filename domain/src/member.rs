//! Members, their roles, and the member list.

use std::{str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use time::OffsetDateTime;

use super::{
    Invalid, ListFrom, MemberCursor, MemberId, OrgId, Page, PageNumber, PageSize, Permission,
    PictureHash, UserId,
    member_cursor::{AFTER, BEFORE},
    text,
};

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
    /// Reads, and manages the subscription.
    Billing,
    /// Reads.
    Member,
}

impl Role {
    /// All roles, the most powerful first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Billing, Self::Member];

    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The role as pages show it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Billing => "Billing",
            Self::Member => "Member",
        }
    }
}

impl AsRef<str> for Role {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl FromStr for Role {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let role = Self::ALL.into_iter().find(|role| role.as_str() == text);
        role.ok_or_else(|| Invalid::new("role", "Choose owner, admin, billing or member."))
    }
}

/// Exactly the columns the member list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    pub id: MemberId,
    pub user_id: UserId,
    pub name: String,
    pub email: String,
    pub picture: Option<PictureHash>,
    pub role: Role,
    pub joined_at: OffsetDateTime,
    /// Since when the membership is suspended; `None`: it is not.
    pub suspended_at: Option<OffsetDateTime>,
    /// The hour in which the member was last active here; `None`: never.
    pub last_active_at: Option<OffsetDateTime>,
    /// Whether signing in takes the member a second factor; `None`: not for the reader to
    /// know ([`MemberPage::for_reader`]).
    pub has_second_factor: Option<bool>,
}

impl MemberRow {
    pub fn status(&self) -> MemberStatus {
        match self.suspended_at {
            Some(_) => MemberStatus::Suspended,
            None => MemberStatus::Active,
        }
    }
}

/// A page of an organization's member list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPage {
    /// Whose members these are: compared with the reader's membership before use.
    pub org_id: OrgId,
    pub page: Page<MemberRow>,
    /// Where the page before this one ends; `None`: this is the first.
    pub before: Option<MemberCursor>,
    /// Where the page after this one begins; `None`: this is the last.
    pub after: Option<MemberCursor>,
}

impl MemberPage {
    /// The page without what a reader of this role may not know. Pages are cached for all
    /// readers together, so the use case that hands them out asks for this.
    pub fn for_reader(mut self: Arc<Self>, reader: Role) -> Arc<Self> {
        if !reader.may(SEE_SECOND_FACTORS) {
            for row in &mut Arc::make_mut(&mut self).page.rows {
                row.has_second_factor = None;
            }
        }
        self
    }
}

/// How many members a search finds, where its pages do not say ([`Page::is_counted`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberTotal {
    /// Whose members these are: compared with the reader's membership before use.
    pub org_id: OrgId,
    /// One more than [`COUNT_CAP`] at most.
    pub members: i64,
}

/// What it takes to know who lacks a second factor: whoever can do something about it, and
/// nobody who could only look for the weakest account.
const SEE_SECOND_FACTORS: Permission = Permission::ManageMembers;

/// Whether a membership gives access. The text is that of addresses.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum MemberStatus {
    Active,
    /// Keeps role and seat, and has no access.
    Suspended,
}

impl MemberStatus {
    pub const ALL: [Self; 2] = [Self::Active, Self::Suspended];

    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// For how long a member has not been active. The text is that of addresses.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr,
)]
pub enum Inactivity {
    /// 30 days or more, counted from joining for whoever never was.
    #[serde(rename = "30")]
    #[strum(serialize = "30")]
    Month,
    /// 90 days or more, counted likewise.
    #[serde(rename = "90")]
    #[strum(serialize = "90")]
    Quarter,
    /// Never active, however short the membership.
    #[serde(rename = "never")]
    #[strum(serialize = "never")]
    Never,
}

impl Inactivity {
    pub const ALL: [Self; 3] = [Self::Month, Self::Quarter, Self::Never];

    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The days that have gone by; `None` for [`Self::Never`].
    pub fn days(self) -> Option<i32> {
        match self {
            Self::Month => Some(30),
            Self::Quarter => Some(90),
            Self::Never => None,
        }
    }
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
    /// By name, A first, without regard to case and accents.
    Name,
    /// In the order of [`Role::ALL`]; newest first within a role.
    Role,
    /// Last active first; newest first within an hour, and among those who never were.
    Active,
}

impl MemberSort {
    /// All orders, the default first.
    pub const ALL: [Self; 4] = [Self::Joined, Self::Name, Self::Role, Self::Active];

    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The value of the parameter `factor` that asks for who has no second factor.
pub const NO_FACTOR: &str = "none";

/// The value of the parameter `count` that asks for how many a search finds.
const COUNT_ALL: &str = "all";

/// Which roles the member list shows; `None`: all.
pub type RoleFilter = Option<Role>;

/// The member list an address asks for. Reading it never fails: nonsense means the
/// default, so no address leads to an error page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MemberListQuery {
    /// Which page; beside [`Self::from`], only how the page is called.
    pub page: PageNumber,
    pub size: PageSize,
    /// The place to go on from, of a list in this order.
    pub from: Option<ListFrom>,
    /// Part of a name or address, or the beginning of a name if it is one or two characters
    /// ([`text::clean_search`]), taken literally; empty: everybody.
    pub search: String,
    /// Only this role.
    pub role: RoleFilter,
    /// Only this status; `None`: both.
    pub status: Option<MemberStatus>,
    /// Only who has been inactive for that long.
    pub inactive: Option<Inactivity>,
    /// Only who lacks a second factor. For readers who may know ([`Self::for_reader`]).
    pub without_factor: bool,
    pub sort: MemberSort,
    /// Whether a search waits until all it finds are counted, which may take longer than the
    /// page.
    pub count_all: bool,
}

impl MemberListQuery {
    /// Reads the parameters `page`, `size`, `after`, `before`, `q`, `role`, `status`,
    /// `inactive`, `factor`, `sort` and `count` of an address's query. Of one that is there
    /// twice, the last counts.
    pub fn from_query(query: &str) -> Self {
        let mut list = Self::default();
        let (mut after, mut before) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "page" => list.page = PageNumber::parse(&value),
                "size" => list.size = PageSize::parse(&value),
                AFTER => after = Some(value),
                BEFORE => before = Some(value),
                "q" => list.search = text::clean_search(&value),
                "role" => list.role = value.parse().ok(),
                "status" => list.status = value.parse().ok(),
                "inactive" => list.inactive = value.parse().ok(),
                "factor" => list.without_factor = value == NO_FACTOR,
                "sort" => list.sort = value.parse().unwrap_or_default(),
                "count" => list.count_all = value == COUNT_ALL,
                _ => {}
            }
        }
        list.count_all &= !list.search.is_empty();
        // A place is of one order, which may be named behind it.
        let place = |text| MemberCursor::parse(list.sort, text);
        list.from = match (after, before) {
            (Some(after), _) => place(&after).map(ListFrom::After),
            (None, Some(before)) => place(&before).map(ListFrom::Before),
            (None, None) => None,
        };
        list
    }

    /// The list as a reader of this role may ask for it: who lacks a second factor is not for
    /// everybody to know, be it by searching for them.
    pub fn for_reader(mut self, reader: Role) -> Self {
        self.without_factor &= reader.may(SEE_SECOND_FACTORS);
        self
    }

    /// Whether the list leaves anybody out.
    pub fn is_filtered(&self) -> bool {
        !self.search.is_empty()
            || self.role.is_some()
            || self.status.is_some()
            || self.inactive.is_some()
            || self.without_factor
    }

    /// The same page, with how many the list has.
    pub fn with_total(&self) -> Self {
        Self {
            count_all: true,
            ..self.clone()
        }
    }

    /// Another page of the same list.
    pub fn at_page(&self, page: PageNumber) -> Self {
        Self {
            page,
            from: None,
            ..self.clone()
        }
    }

    /// The page of the same list that goes on from there, called by this number.
    pub fn from_place(&self, page: PageNumber, from: ListFrom) -> Self {
        Self {
            page,
            from: Some(from),
            ..self.clone()
        }
    }

    /// The first page of the same list, with so many rows.
    pub fn with_size(&self, size: PageSize) -> Self {
        Self {
            size,
            ..self.at_page(PageNumber::FIRST)
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
        if let Some(status) = self.status {
            params.push(("status", status.as_str().to_owned()));
        }
        if let Some(inactive) = self.inactive {
            params.push(("inactive", inactive.as_str().to_owned()));
        }
        if self.without_factor {
            params.push(("factor", NO_FACTOR.to_owned()));
        }
        if self.sort != MemberSort::default() {
            params.push(("sort", self.sort.as_str().to_owned()));
        }
        if self.count_all {
            params.push(("count", COUNT_ALL.to_owned()));
        }
        if self.size != PageSize::default() {
            params.push(("size", self.size.to_string()));
        }
        if self.page != PageNumber::FIRST {
            params.push(("page", self.page.to_string()));
        }
        params.extend(self.from.as_ref().map(ListFrom::to_param));
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
            "size=51&size=&after=&before=x",
            "after=0.0&before=00000000000000000000000000000007.x",
            "role=king&sort=size",
            "status=asleep&inactive=31&factor=some",
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

    #[test]
    fn an_address_says_all_of_a_list() {
        let list = MemberListQuery {
            page: PageNumber::new(2),
            size: PageSize::ALL[0],
            from: MemberCursor::parse(
                MemberSort::Active,
                "00000000000000000000000000000007.5.never",
            )
            .map(ListFrom::Before),
            search: "ada".into(),
            role: Some(Role::Admin),
            status: Some(MemberStatus::Suspended),
            inactive: Some(Inactivity::Quarter),
            without_factor: true,
            sort: MemberSort::Active,
            count_all: true,
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(list.to_params());
        assert_eq!(MemberListQuery::from_query(&query.finish()), list);
        assert!(list.from.is_some() && list.at_page(PageNumber::FIRST).from.is_none());
        for inactive in Inactivity::ALL {
            assert_eq!(inactive.as_str().parse(), Ok(inactive));
        }
    }

    #[test]
    fn only_who_manages_members_asks_for_those_without_a_second_factor() {
        let list = MemberListQuery {
            without_factor: true,
            ..Default::default()
        };
        for role in Role::ALL {
            let may = role.may(Permission::ManageMembers);
            assert_eq!(list.clone().for_reader(role).without_factor, may, "{role}");
        }
    }
}
