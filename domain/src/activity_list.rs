//! What an address asks of an organization's audit log.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoEnumIterator as _, IntoStaticStr};
use time::{Date, Month, OffsetDateTime, Time};
use uuid::Uuid;

use super::{ActivityEntry, ActivityId, ActivityKind, OrgId, text};

/// What entries are about. The text is that of addresses.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ActivityGroup {
    /// Who came, went, was suspended.
    Members,
    Roles,
    Invitations,
    /// Name, slug and whatever else the organization is set to.
    Settings,
    Billing,
    /// What the platform's admins did.
    Platform,
}

impl ActivityGroup {
    pub const ALL: [Self; 6] = [
        Self::Members,
        Self::Roles,
        Self::Invitations,
        Self::Settings,
        Self::Billing,
        Self::Platform,
    ];

    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The group as pages show it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Members => "Members",
            Self::Roles => "Roles",
            Self::Invitations => "Invitations",
            Self::Settings => "Settings",
            Self::Billing => "Billing",
            Self::Platform => "Platform",
        }
    }

    /// The kinds it is made of.
    pub fn kinds(self) -> Vec<ActivityKind> {
        ActivityKind::iter()
            .filter(|kind| kind.group() == Some(self))
            .collect()
    }
}

/// The place of an entry in the log, which is in the order of time and then of ids. In
/// addresses it is microseconds since 1970 and the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ActivityPosition {
    pub at: OffsetDateTime,
    pub id: ActivityId,
}

impl ActivityPosition {
    /// The place of this entry.
    pub fn of(entry: &ActivityEntry) -> Self {
        Self {
            at: entry.activity.at,
            id: entry.activity.id,
        }
    }

    /// The place before everything at or after a moment.
    fn before(at: OffsetDateTime) -> Self {
        let id = ActivityId(Uuid::nil());
        Self { at, id }
    }
}

impl fmt::Display for ActivityPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.at.unix_timestamp_nanos() / 1_000;
        write!(f, "{micros}-{}", self.id.0.simple())
    }
}

/// What stands in an address is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPosition;

impl FromStr for ActivityPosition {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let (micros, id) = text.split_once('-').ok_or(NoPosition)?;
        let micros: i64 = micros.parse().map_err(|_| NoPosition)?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
            .map_err(|_| NoPosition)?;
        let id = id.parse().map_err(|_| NoPosition)?;
        Ok(Self { at, id })
    }
}

/// The part of the log an address asks for. Reading it never fails: nonsense means the
/// default, so no address leads to an error page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ActivityListQuery {
    /// Only what is about this.
    pub group: Option<ActivityGroup>,
    /// Part of the name of who did it or to whom ([`text::clean_search`]), taken literally;
    /// empty: everybody.
    pub search: String,
    /// The first day, in UTC.
    pub from: Option<Date>,
    /// The last day, in UTC.
    pub to: Option<Date>,
    /// Only what is older than this entry; `None`: the newest.
    pub before: Option<ActivityPosition>,
}

impl ActivityListQuery {
    /// Reads the parameters `kind`, `who`, `from`, `to` and `before` of an address's query.
    /// Of one that is there twice, the last counts.
    pub fn from_query(query: &str) -> Self {
        let mut list = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "kind" => list.group = value.parse().ok(),
                "who" => list.search = text::clean_search(&value),
                "from" => list.from = parse_day(&value),
                "to" => list.to = parse_day(&value),
                "before" => list.before = value.parse().ok(),
                _ => {}
            }
        }
        list
    }

    /// The same part, but only what is older than an entry.
    pub fn before(&self, position: Option<ActivityPosition>) -> Self {
        Self {
            before: position,
            ..self.clone()
        }
    }

    /// Whether it leaves anything out, wherever it begins.
    pub fn is_filtered(&self) -> bool {
        self.before(None) != Self::default()
    }

    /// The address's parameters in a fixed order, defaults left out.
    pub fn to_params(&self) -> Vec<(&'static str, String)> {
        let mut params = Vec::new();
        if let Some(group) = self.group {
            params.push(("kind", group.as_str().to_owned()));
        }
        if !self.search.is_empty() {
            params.push(("who", self.search.clone()));
        }
        for (name, day) in [("from", self.from), ("to", self.to)] {
            if let Some(day) = day {
                params.push((name, day.to_string()));
            }
        }
        if let Some(before) = self.before {
            params.push(("before", before.to_string()));
        }
        params
    }

    /// What is asked for lies between these places, neither of them included.
    pub fn bounds(&self) -> (ActivityPosition, ActivityPosition) {
        let midnight =
            |day: Date| ActivityPosition::before(day.with_time(Time::MIDNIGHT).assume_utc());
        let first = midnight(self.from.unwrap_or(FIRST_DAY));
        let end = self.to.and_then(Date::next_day).unwrap_or(AFTER_LAST_DAY);
        let last = midnight(end.min(AFTER_LAST_DAY));
        (first, self.before.map_or(last, |before| before.min(last)))
    }
}

/// Days that no entry is before or after. Four digits, as addresses have them.
const FIRST_DAY: Date = time::macros::date!(0001 - 01 - 01);
const AFTER_LAST_DAY: Date = time::macros::date!(9999 - 12 - 31);

/// Reads a day as inputs for dates send it, such as 2026-03-12.
fn parse_day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        let part = parts.next()?;
        let is_number = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| part.parse::<u16>().ok())?
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    if parts.next().is_some() || year == 0 {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()
}

/// A page of an organization's audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityPage {
    /// Whose activity this is: compared with the reader's membership before use.
    pub org_id: OrgId,
    /// Newest first.
    pub entries: Vec<ActivityEntry>,
    /// Whether there are older ones.
    pub has_older: bool,
}

impl ActivityPage {
    /// A page of `entries`, of which there may be more than fit.
    pub fn of(org_id: OrgId, mut entries: Vec<ActivityEntry>, size: usize) -> Self {
        let has_older = entries.len() > size;
        entries.truncate(size);
        Self {
            org_id,
            entries,
            has_older,
        }
    }

    /// Where the next page begins, if there is one.
    pub fn older(&self) -> Option<ActivityPosition> {
        let last = self.entries.last().filter(|_| self.has_older);
        last.map(ActivityPosition::of)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn nonsense_in_an_address_means_the_default() {
        for query in [
            "",
            "kind=teleported",
            "from=yesterday&to=2026-13-01",
            "from=2026-02-30&to=0000-01-01",
            "from=2026-1-1&to=2026-01-01-01",
            "from=+026-01-01",
            "before=1&who=%00",
            "before=x-0192f0c45b5e7cc398c4dc0c0c07398f",
            "before=9223372036854775807-0192f0c45b5e7cc398c4dc0c0c07398f",
            "before=1-nonsense",
        ] {
            let list = ActivityListQuery::from_query(query);
            assert_eq!(list, ActivityListQuery::default(), "{query:?}");
        }
    }

    #[test]
    fn an_address_says_what_was_asked() {
        let list = ActivityListQuery {
            group: Some(ActivityGroup::Roles),
            search: "Ada".to_owned(),
            from: Some(date!(2026 - 01 - 05)),
            to: Some(date!(2026 - 11 - 30)),
            before: Some(ActivityPosition {
                at: datetime!(2026-03-01 12:00:00.123456 UTC),
                id: ActivityId(Uuid::from_u128(7)),
            }),
        };
        let params = list.to_params();
        assert_eq!(params[2], ("from", "2026-01-05".to_owned()));
        let query: Vec<String> = params
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(ActivityListQuery::from_query(&query.join("&")), list);
        assert!(list.is_filtered());
        let unfiltered = ActivityListQuery::default().before(list.before);
        assert!(!unfiltered.is_filtered());
    }

    #[test]
    fn days_are_whole() {
        let list = ActivityListQuery::from_query("from=2026-01-05&to=2026-01-05");
        let (first, last) = list.bounds();
        assert_eq!(first.at, datetime!(2026-01-05 0:00 UTC));
        assert_eq!(last.at, datetime!(2026-01-06 0:00 UTC));
        let (first, last) = ActivityListQuery::from_query("to=9999-12-31").bounds();
        assert_eq!((first.at.year(), last.at.year()), (1, 9999));
    }

    #[test]
    fn a_place_beyond_the_last_day_does_not_lift_it() {
        let mut list = ActivityListQuery::from_query("to=2026-01-05");
        let late = ActivityPosition::before(datetime!(2027-01-01 0:00 UTC));
        list.before = Some(late);
        assert_eq!(list.bounds().1.at, datetime!(2026-01-06 0:00 UTC));
        list.before = Some(ActivityPosition::before(datetime!(2025-01-01 0:00 UTC)));
        assert_eq!(list.bounds().1.at, datetime!(2025-01-01 0:00 UTC));
    }
}
