//! Places in the member list: where "next" and "previous" go on.
//!
//! A page's number says how many rows come before it, which changes while members come and go;
//! then a row shows twice, or never. A place does not move: who stands behind it and stays is
//! shown on the way, once.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{MemberId, MemberSort, Role};

/// What a row is sorted by, in one order of the member list. Nobody has to stand there any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MemberCursor {
    Joined {
        joined_at: OffsetDateTime,
        member: MemberId,
    },
    Name {
        /// The member's name as it is sorted (`member_list.name_key`).
        key: String,
        member: MemberId,
    },
    Role {
        role: Role,
        joined_at: OffsetDateTime,
        member: MemberId,
    },
    Active {
        /// `None`: never.
        active_at: Option<OffsetDateTime>,
        joined_at: OffsetDateTime,
        member: MemberId,
    },
}

impl MemberCursor {
    /// Reads a place of a list in this order from an address. What is none means `None`.
    pub fn parse(sort: MemberSort, text: &str) -> Option<Self> {
        let (member, key) = text.split_once('.')?;
        let member = MemberId(Uuid::try_parse(member).ok()?);
        Some(match sort {
            MemberSort::Joined => Self::Joined {
                joined_at: moment(key)?,
                member,
            },
            MemberSort::Name => Self::Name {
                key: key_of_name(key)?,
                member,
            },
            MemberSort::Role => {
                let (joined_at, role) = key.split_once('.')?;
                Self::Role {
                    role: role.parse().ok()?,
                    joined_at: moment(joined_at)?,
                    member,
                }
            }
            MemberSort::Active => {
                let (joined_at, active_at) = key.split_once('.')?;
                Self::Active {
                    active_at: match active_at {
                        NEVER => None,
                        active_at => Some(moment(active_at)?),
                    },
                    joined_at: moment(joined_at)?,
                    member,
                }
            }
        })
    }

    /// The place as addresses have it.
    pub fn to_text(&self) -> String {
        match self {
            Self::Joined { joined_at, member } => {
                format!("{}.{}", member.0.simple(), micros(*joined_at))
            }
            Self::Name { key, member } => format!("{}.{key}", member.0.simple()),
            Self::Role {
                role,
                joined_at,
                member,
            } => format!("{}.{}.{role}", member.0.simple(), micros(*joined_at)),
            Self::Active {
                active_at,
                joined_at,
                member,
            } => {
                let active_at =
                    active_at.map_or_else(|| NEVER.to_owned(), |at| micros(at).to_string());
                format!("{}.{}.{active_at}", member.0.simple(), micros(*joined_at))
            }
        }
    }

    /// The order this is a place of.
    pub fn sort(&self) -> MemberSort {
        match self {
            Self::Joined { .. } => MemberSort::Joined,
            Self::Name { .. } => MemberSort::Name,
            Self::Role { .. } => MemberSort::Role,
            Self::Active { .. } => MemberSort::Active,
        }
    }
}

/// How an address says that a member was never active.
const NEVER: &str = "never";

/// The key of a name has this many characters at most (`member_list.name_key`).
const LONGEST_NAME: usize = 100;

/// Where a page of the member list begins or ends, if its number does not say it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ListFrom {
    /// The page goes on behind this place.
    After(MemberCursor),
    /// The page ends before this place.
    Before(MemberCursor),
}

impl ListFrom {
    /// The parameter of an address that says so, and its value.
    pub fn to_param(&self) -> (&'static str, String) {
        match self {
            Self::After(place) => (AFTER, place.to_text()),
            Self::Before(place) => (BEFORE, place.to_text()),
        }
    }
}

pub(super) const AFTER: &str = "after";
pub(super) const BEFORE: &str = "before";

/// As the database keeps time: to the microsecond.
fn micros(at: OffsetDateTime) -> i128 {
    at.unix_timestamp_nanos() / 1_000
}

/// A time that the database can have, whatever somebody wrote into an address.
fn moment(text: &str) -> Option<OffsetDateTime> {
    let micros: i64 = text.parse().ok()?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()?;
    (1..=9_998).contains(&at.year()).then_some(at)
}

/// The key of a name, unless the database could not have it.
fn key_of_name(text: &str) -> Option<String> {
    let is_key = text.chars().count() <= LONGEST_NAME && !text.contains(char::is_control);
    is_key.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_place_survives_its_address() {
        let member = MemberId(Uuid::from_u128(7));
        let joined_at = datetime!(2026-11-30 03:10:35.123456 UTC);
        for place in [
            MemberCursor::Joined { joined_at, member },
            MemberCursor::Name {
                key: "a. b & c".into(),
                member,
            },
            MemberCursor::Role {
                role: Role::Admin,
                joined_at,
                member,
            },
            MemberCursor::Active {
                active_at: Some(joined_at),
                joined_at,
                member,
            },
            MemberCursor::Active {
                active_at: None,
                joined_at,
                member,
            },
        ] {
            let read = MemberCursor::parse(place.sort(), &place.to_text());
            assert_eq!(read.as_ref(), Some(&place));
        }
    }

    #[test]
    fn nonsense_is_no_place() {
        let id = Uuid::from_u128(7).simple();
        for (sort, text) in [
            (MemberSort::Joined, String::new()),
            (MemberSort::Joined, format!("{id}")),
            (MemberSort::Joined, format!("{id}.")),
            (MemberSort::Joined, format!("{id}.yesterday")),
            (MemberSort::Joined, format!("{id}.{}", i64::MAX)),
            (MemberSort::Joined, format!("{id}.{}", i64::MIN)),
            (MemberSort::Joined, "0.0".to_owned()),
            (MemberSort::Name, format!("{id}.a\0b")),
            (MemberSort::Name, format!("{id}.{}", "a".repeat(101))),
            (MemberSort::Role, format!("{id}.0.king")),
            (MemberSort::Active, format!("{id}.0")),
            (MemberSort::Active, format!("{id}.0.soon")),
        ] {
            assert_eq!(MemberCursor::parse(sort, &text), None, "{sort:?} {text:?}");
        }
    }
}
