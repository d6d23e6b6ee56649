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

    #[test]
    fn classes_without_marks_count_as_well() {
        // Of twelve classes one has a mark, behind all but a few of the list.
        let class = |number: i64| {
            if number % 12 == 0 {
                0
            } else {
                (number % 12) as i16
            }
        };
        let list: Vec<_> = (0..3_000)
            .map(|number| (class(number), member(number).1))
            .filter({
                let mut met: HashMap<i16, usize> = HashMap::new();
                move |(class, _)| {
                    let count = met.entry(*class).or_default();
                    *count += 1;
                    *class == 0 || *count < 200
                }
            })
            .collect();
        let marked = list.iter().filter(|(class, _)| *class == 0).nth(249);
        let marks = vec![marked.expect("as many").clone()];
        let classes: Vec<i16> = (0..12).collect();
        let marks = MemberMarks::new(OrgId(Uuid::nil()), classes.clone(), marks);
        for offset in (0..list.len()).step_by(50) {
            let Some(skipped) = marks.before(&classes, offset as i64) else {
                continue;
            };
            let here = &list[offset].1;
            let passed = skipped
                .places
                .values()
                .any(|mark| in_order(mark, here).is_gt());
            assert!(!passed, "a page at {offset} begins behind it");
        }
    }
}
