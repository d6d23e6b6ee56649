//! A place of the member list in the columns that statements over `member_list` compare
//! (migrations/0027_member_list.sql).

use time::OffsetDateTime;

use crate::domain::{MemberCursor, MemberId, Role};

/// What an order does not sort by is `None`; all of it is where there is no place.
#[derive(Debug, Default)]
pub(super) struct PlaceColumns<'a> {
    pub(super) member: Option<MemberId>,
    pub(super) joined_at: Option<OffsetDateTime>,
    pub(super) name_key: Option<&'a str>,
    pub(super) power: Option<i16>,
    pub(super) active_at: Option<OffsetDateTime>,
}

impl<'a> PlaceColumns<'a> {
    pub(super) fn of(place: Option<&'a MemberCursor>) -> Self {
        let Some(place) = place else {
            return Self::default();
        };
        match place {
            MemberCursor::Joined { joined_at, member } => Self {
                member: Some(*member),
                joined_at: Some(*joined_at),
                ..Self::default()
            },
            MemberCursor::Name { key, member } => Self {
                member: Some(*member),
                name_key: Some(key),
                ..Self::default()
            },
            MemberCursor::Role {
                role,
                joined_at,
                member,
            } => Self {
                member: Some(*member),
                joined_at: Some(*joined_at),
                power: Some(power(*role)),
                ..Self::default()
            },
            MemberCursor::Active {
                active_at,
                joined_at,
                member,
            } => Self {
                member: Some(*member),
                joined_at: Some(*joined_at),
                active_at: *active_at,
                ..Self::default()
            },
        }
    }
}

/// As the database's `member_power` counts roles.
pub(super) fn power(role: Role) -> i16 {
    match role {
        Role::Member => 0,
        Role::Billing => 1,
        Role::Admin => 2,
        Role::Owner => 3,
    }
}
