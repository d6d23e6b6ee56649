//! A member list that is taken away as a file, piece by piece.

use super::{MemberCursor, MemberListQuery};

/// How far such a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberExport {
    pub query: MemberListQuery,
    /// Behind whom to go on, in the list's order; `None`: it begins.
    pub after: Option<MemberCursor>,
}
