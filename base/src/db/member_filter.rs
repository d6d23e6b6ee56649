//! What a member list leaves out, as statements over `member_list` take it
//! (migrations/0027_member_list.sql).

use super::member_place::power;
use crate::domain::{Inactivity, MemberListQuery, MemberStatus};

pub(super) struct MemberFilter<'a> {
    pub(super) search: Option<&'a str>,
    /// The classes of members that are shown: each is a range of every index.
    pub(super) classes: Vec<i16>,
    pub(super) days_inactive: Option<i32>,
}

impl<'a> MemberFilter<'a> {
    pub(super) fn of(query: &'a MemberListQuery) -> Self {
        Self {
            search: (!query.search.is_empty()).then_some(query.search.as_str()),
            classes: classes(query),
            days_inactive: query.inactive.and_then(Inactivity::days),
        }
    }
}

/// The classes that a list shows, as the table's column `class` counts them.
fn classes(query: &MemberListQuery) -> Vec<i16> {
    let shown = |class: &i16| {
        let [has_no_factor, was_never_active] = [class & 2 != 0, class & 1 != 0];
        let is_suspended = class & 4 != 0;
        query.role.is_none_or(|role| power(role) == class / 8)
            && query
                .status
                .is_none_or(|status| (status == MemberStatus::Suspended) == is_suspended)
            && (!query.without_factor || has_no_factor)
            && (query.inactive != Some(Inactivity::Never) || was_never_active)
    };
    (0..32).filter(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_leaves_the_classes_it_asks_for() {
        let of = |query: &str| classes(&MemberListQuery::from_query(query));
        assert_eq!(of(""), Vec::from_iter(0..32));
        assert_eq!(of("role=billing"), Vec::from_iter(8..16));
        assert_eq!(of("role=owner&status=suspended"), [28, 29, 30, 31]);
        assert_eq!(of("role=member&status=active&factor=none"), [2, 3]);
        assert_eq!(of("role=admin&inactive=never&status=active"), [17, 19]);
        assert_eq!(of("inactive=30").len(), 32);
    }
}
