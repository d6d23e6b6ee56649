//! A member list that is taken away as a file, piece by piece.

use time::OffsetDateTime;

use super::{MemberId, MemberListQuery};

/// How far such a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberExport {
    pub query: MemberListQuery,
    /// Behind whom to go on; `None`: it begins.
    pub after: Option<MemberPlace>,
}

/// Where a member stands in the list, whatever its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPlace {
    pub member: MemberId,
    pub joined_at: OffsetDateTime,
    pub last_active_at: Option<OffsetDateTime>,
    /// What the list sorts names by.
    pub name_key: String,
    /// What it sorts roles by: from 0, a member, to 3, an owner.
    pub power: i16,
}
