//! Known places of a long member list, from which the middle of it is not far.

use std::{cmp::Ordering, collections::HashMap};

use serde::{Deserialize, Serialize};

use super::{MemberCursor, OrgId, Role};

/// Every 250th member of each class of an organization (migrations/0027_member_list.sql), in the
/// order of the list.
///
/// A page far from both ends begins where the marks before it are, class by class, and skips the
/// few members between: the same page as by counting from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberMarks {
    pub org_id: OrgId,
    /// The classes in which there is anybody, with and without marks.
    classes: Vec<i16>,
    marks: Vec<(i16, MemberCursor)>,
}

/// Where to go on in each class, and how many members that leaves behind.
#[derive(Debug)]
pub struct Skipped<'a> {
    pub members: i64,
    pub places: HashMap<i16, &'a MemberCursor>,
}

impl MemberMarks {
    /// How many members there are between two marks of a class. A million members have four
    /// thousand marks, 150 KB, and a page skips a few hundred members of each class.
    pub const EVERY: i64 = 250;

    /// The classes in which an organization has members, and its marks, in any order.
    pub fn new(org_id: OrgId, classes: Vec<i16>, mut marks: Vec<(i16, MemberCursor)>) -> Self {
        marks.sort_by(|(_, one), (_, other)| in_order(one, other));
        Self {
            org_id,
            classes,
            marks,
        }
    }

    /// As far as the marks of these classes lead towards the member after `offset` others,
    /// without passing them. `None`: nowhere.
    pub fn before(&self, classes: &[i16], offset: i64) -> Option<Skipped<'_>> {
        let marks = self
            .marks
            .iter()
            .filter(|(class, _)| classes.contains(class));
        let shown = self.classes.iter().filter(|class| classes.contains(class));
        // Between its last mark and the place of the mark that was passed last, each class can
        // have almost as many members again; one that has no mark, almost as many in all.
        let passed = offset / Self::EVERY - i64::try_from(shown.count()).ok()?;
        let passed = usize::try_from(passed).ok().filter(|passed| *passed > 0)?;
        let mut skipped = Skipped {
            members: 0,
            places: HashMap::new(),
        };
        for (class, place) in marks.take(passed) {
            skipped.members += Self::EVERY;
            skipped.places.insert(*class, place);
        }
        Some(skipped)
    }
}

/// Which of two places of one order comes first.
fn in_order(one: &MemberCursor, other: &MemberCursor) -> Ordering {
    use MemberCursor::{Active, Joined, Name, Role as ByRole};
    match (one, other) {
        (
            Joined { joined_at, member },
            Joined {
                joined_at: at,
                member: id,
            },
        ) => (at, id).cmp(&(joined_at, member)),
        (
            Name { key, member },
            Name {
                key: name,
                member: id,
            },
        ) => (key, member).cmp(&(name, id)),
        (
            ByRole {
                role,
                joined_at,
                member,
            },
            ByRole {
                role: power,
                joined_at: at,
                member: id,
            },
        ) => {
            let rank = |role: &Role| Role::ALL.iter().position(|one| one == role);
            (rank(role), at, id).cmp(&(rank(power), joined_at, member))
        }
        (
            Active {
                active_at,
                joined_at,
                member,
            },
            Active {
                active_at: use_at,
                joined_at: at,
                member: id,
            },
        ) => (use_at, at, id).cmp(&(active_at, joined_at, member)),
        // There are no marks of two orders.
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use proptest::{collection, prelude::*};
    use time::{Duration, OffsetDateTime};
    use uuid::Uuid;

    use super::*;
    use crate::MemberId;

    /// The `number`th member of a list of which every third is of class 8 and the others of 0.
    fn member(number: i64) -> (i16, MemberCursor) {
        let class = if number % 3 == 0 { 8 } else { 0 };
        let place = MemberCursor::Joined {
            joined_at: OffsetDateTime::UNIX_EPOCH - Duration::seconds(number),
            member: MemberId(Uuid::nil()),
        };
        (class, place)
    }

    #[test]
    fn marks_lead_near_and_never_past() {
        let list: Vec<_> = (0..20_000).map(member).collect();
        let mut met = HashMap::new();
        let marks = list.iter().filter(|(class, _)| {
            let count: &mut i64 = met.entry(*class).or_default();
            *count += 1;
            *count % MemberMarks::EVERY == 0
        });
        let marks = MemberMarks::new(OrgId(Uuid::nil()), vec![0, 8], marks.cloned().collect());
        assert!(marks.before(&[0, 8, 16], 500).is_none());
        let beyond = marks.before(&[0, 8, 16], 1_000_000).expect("all marks");
        assert_eq!(beyond.members, 79 * MemberMarks::EVERY);
        for offset in [750, 751, 5_000, 12_345, 19_999] {
            let skipped = marks.before(&[0, 8, 16], offset).expect("marks before it");
            let left_behind = list.iter().filter(|(class, place)| {
                let place_of_class = skipped.places.get(class);
                place_of_class.is_some_and(|mark| in_order(place, mark).is_le())
            });
            let left_behind: Vec<_> = left_behind.collect();
            assert_eq!(left_behind.len() as i64, skipped.members);
            let last = left_behind.last().expect("some");
            assert!(in_order(&last.1, &list[offset as usize].1).is_lt());
            assert!(offset - skipped.members < 4 * MemberMarks::EVERY);
        }
    }

    /// The classes of a list's members: up to twelve, some too small for a mark, in turn or
    /// all mixed.
    fn lists() -> impl Strategy<Value = Vec<i16>> {
        let size = prop_oneof![0..50_usize, 150..300_usize, 0..1_500_usize];
        let in_turn = collection::vec(size, 1..13).prop_map(|sizes| {
            let classes = (0..).zip(sizes);
            classes
                .flat_map(|(class, size)| iter::repeat_n(class, size))
                .collect::<Vec<i16>>()
        });
        in_turn.prop_flat_map(|list| prop_oneof![Just(list.clone()), Just(list).prop_shuffle()])
    }

    proptest! {
        #[test]
        fn marks_lead_near_and_never_past_whatever_the_classes(
            list in lists(),
            is_shown in collection::vec(any::<bool>(), 12),
        ) {
            let list = (0..).zip(list).map(|(number, class)| (class, member(number).1));
            let mut met: HashMap<i16, i64> = HashMap::new();
            let (mut marks, mut shown_list) = (Vec::new(), Vec::new());
            for (class, place) in list {
                let number = met.entry(class).or_default();
                *number += 1;
                if *number % MemberMarks::EVERY == 0 {
                    marks.push((class, place.clone()));
                }
                if is_shown[class as usize] {
                    shown_list.push((class, place));
                }
            }
            let marks = MemberMarks::new(OrgId(Uuid::nil()), met.into_keys().collect(), marks);
            let shown: Vec<i16> = (0..12).filter(|class| is_shown[*class as usize]).collect();
            let near = MemberMarks::EVERY * (shown.len() as i64 + 1);
            for (offset, (_, here)) in (0..).zip(&shown_list).step_by(37) {
                let Some(skipped) = marks.before(&shown, offset) else {
                    prop_assert!(offset < near, "nothing leads to {offset}");
                    continue;
                };
                prop_assert!(offset - skipped.members < near, "{offset}: {}", skipped.members);
                let left_behind = shown_list.iter().filter(|(class, place)| {
                    let mark = skipped.places.get(class);
                    mark.is_some_and(|mark| in_order(place, mark).is_le())
                });
                prop_assert_eq!(left_behind.count() as i64, skipped.members);
                let is_past = |mark: &&MemberCursor| in_order(mark, here).is_ge();
                prop_assert!(!skipped.places.values().any(is_past), "past {}", offset);
            }
        }
    }
}
