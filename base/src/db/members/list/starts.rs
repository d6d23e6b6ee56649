//! Where a page goes on in each class of members, as the statements take it.

use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::{
    db::member_place::power,
    domain::{ListFrom, MemberCursor, MemberId, MemberListQuery, Skipped},
};

/// Before every time that a member has, and after.
const LONG_AGO: OffsetDateTime = datetime!(0001-01-01 00:00 UTC);
const FAR_AHEAD: OffsetDateTime = datetime!(9999-01-01 00:00 UTC);

/// Before the key of every name, and after.
const FIRST_NAME: &str = "";
const LAST_NAME: &str = "\u{10ffff}";

/// Places between two members, one in each class that is shown, as columns side by side. A page
/// shows who comes behind them, or, read backward, before.
pub(super) struct Starts {
    pub(super) classes: Vec<i16>,
    pub(super) active_at: Vec<OffsetDateTime>,
    pub(super) joined_at: Vec<OffsetDateTime>,
    pub(super) name_keys: Vec<String>,
    pub(super) members: Vec<MemberId>,
}

/// The place in one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start<'a> {
    /// In front of everybody.
    Front,
    /// Behind everybody.
    Back,
    /// At this member, who is not shown.
    At(&'a MemberCursor),
}

impl Starts {
    /// Of the page that is asked for; if it is found by its number, behind those that the marks
    /// skip.
    pub(super) fn of(
        query: &MemberListQuery,
        classes: &[i16],
        skipped: Option<&Skipped<'_>>,
    ) -> Self {
        let starts = classes.iter().map(|class| match &query.from {
            Some(ListFrom::After(place) | ListFrom::Before(place)) => start_in(*class, place),
            None => skipped
                .and_then(|skipped| skipped.places.get(class))
                .map_or(Start::Front, |place| Start::At(place)),
        });
        let mut columns = Self {
            classes: classes.to_vec(),
            active_at: Vec::new(),
            joined_at: Vec::new(),
            name_keys: Vec::new(),
            members: Vec::new(),
        };
        for start in starts {
            columns.push(start);
        }
        columns
    }

    fn push(&mut self, start: Start<'_>) {
        let nobody = MemberId(Uuid::nil());
        let (active_at, joined_at, name_key, member) = match start {
            Start::Front => (FAR_AHEAD, FAR_AHEAD, FIRST_NAME, nobody),
            Start::Back => (LONG_AGO, LONG_AGO, LAST_NAME, nobody),
            Start::At(
                MemberCursor::Joined { joined_at, member }
                | MemberCursor::Role {
                    joined_at, member, ..
                },
            ) => (LONG_AGO, *joined_at, FIRST_NAME, *member),
            Start::At(MemberCursor::Name { key, member }) => (LONG_AGO, LONG_AGO, &**key, *member),
            Start::At(MemberCursor::Active {
                active_at,
                joined_at,
                member,
            }) => (
                active_at.unwrap_or(LONG_AGO),
                *joined_at,
                FIRST_NAME,
                *member,
            ),
        };
        self.active_at.push(active_at);
        self.joined_at.push(joined_at);
        self.name_keys.push(name_key.to_owned());
        self.members.push(member);
    }
}

/// Where this place of the whole list is in the class: some orders put classes one behind the
/// other.
fn start_in(class: i16, place: &MemberCursor) -> Start<'_> {
    let (class_is_behind, class_is_before) = match place {
        MemberCursor::Joined { .. } | MemberCursor::Name { .. } => (false, false),
        MemberCursor::Role { role, .. } => (class / 8 < power(*role), class / 8 > power(*role)),
        MemberCursor::Active { active_at, .. } => {
            let was_never_active = class & 1 == 1;
            (
                active_at.is_some() && was_never_active,
                active_at.is_none() && !was_never_active,
            )
        }
    };
    match (class_is_behind, class_is_before) {
        (true, _) => Start::Front,
        (_, true) => Start::Back,
        _ => Start::At(place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    #[test]
    fn a_place_of_the_whole_list_is_somewhere_in_each_class() {
        let joined_at = LONG_AGO;
        let member = MemberId(Uuid::nil());
        let admin = MemberCursor::Role {
            role: Role::Admin,
            joined_at,
            member,
        };
        assert_eq!(start_in(24, &admin), Start::Back);
        assert_eq!(start_in(19, &admin), Start::At(&admin));
        assert_eq!(start_in(15, &admin), Start::Front);
        let never = MemberCursor::Active {
            active_at: None,
            joined_at,
            member,
        };
        assert_eq!(start_in(2, &never), Start::Back);
        assert_eq!(start_in(3, &never), Start::At(&never));
        let once = MemberCursor::Active {
            active_at: Some(FAR_AHEAD),
            joined_at,
            member,
        };
        assert_eq!(start_in(2, &once), Start::At(&once));
        assert_eq!(start_in(3, &once), Start::Front);
    }
}
