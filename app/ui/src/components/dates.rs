//! Dates as pages show them: in UTC, and saying so, because the server knows of no better
//! zone, and a page must read the same before and after its script starts.

use leptos::prelude::*;
use time::{
    OffsetDateTime, UtcOffset,
    format_description::{StaticFormatDescription, well_known::Rfc3339},
    macros::format_description,
};

use super::grouped;

const DAY: StaticFormatDescription =
    format_description!("[day padding:none] [month repr:short] [year]");
const DAY_IN_ZONE: StaticFormatDescription =
    format_description!("[day padding:none] [month repr:short] [year] (UTC)");
const MOMENT: StaticFormatDescription =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");

/// Where a reader is told that a day is one of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// With the day itself.
    Said,
    /// For all of them, in the heading of their column.
    SaidAbove,
}

/// A day, such as "12 Mar 2026 (UTC)".
#[component]
pub fn Day(at: OffsetDateTime, #[prop(default = Zone::Said)] zone: Zone) -> impl IntoView {
    let format = match zone {
        Zone::Said => DAY_IN_ZONE,
        Zone::SaidAbove => DAY,
    };
    view! { <time datetime=for_programs(at)>{for_readers(at, format)}</time> }
}

/// A moment, such as "12 Mar 2026, 14:05 UTC".
#[component]
pub fn Moment(at: OffsetDateTime) -> impl IntoView {
    view! { <time datetime=for_programs(at)>{for_readers(at, MOMENT)}</time> }
}

/// How long ago an hour was, such as "3 days ago". Of what is only known to the hour.
#[component]
pub fn HoursAgo(
    /// The begin of the hour.
    at: OffsetDateTime,
    now: OffsetDateTime,
) -> impl IntoView {
    view! { <time datetime=for_programs(at)>{ago(at, now)}</time> }
}

/// When [`HoursAgo`] says something else of any moment: its moments are full hours.
pub fn hours_change_at(now: OffsetDateTime) -> Option<OffsetDateTime> {
    Some(now.truncate_to_hour() + time::Duration::HOUR)
}

fn ago(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let gone = now - at;
    match (gone.whole_days(), gone.whole_hours()) {
        (..=0, ..=0) => "Within the hour".to_owned(),
        (..=0, 1) => "1 hour ago".to_owned(),
        (..=0, hours) => format!("{hours} hours ago"),
        (1, _) => "1 day ago".to_owned(),
        (days, _) => format!("{} days ago", grouped(days)),
    }
}

fn for_readers(at: OffsetDateTime, format: StaticFormatDescription) -> String {
    let utc = at.to_offset(UtcOffset::UTC);
    utc.format(format)
        .expect("a date and a time have all of these parts")
}

fn for_programs(at: OffsetDateTime) -> String {
    let utc = at.to_offset(UtcOffset::UTC).truncate_to_second();
    utc.format(&Rfc3339)
        .expect("dates here are between the years 0 and 9999")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_utc() {
        let at = OffsetDateTime::from_unix_timestamp(1_773_360_300).expect("in range")
            + time::Duration::milliseconds(250);
        let east = at.to_offset(UtcOffset::from_hms(14, 0, 0).expect("an offset"));
        assert_eq!(for_readers(east, DAY), "13 Mar 2026");
        assert_eq!(for_readers(east, DAY_IN_ZONE), "13 Mar 2026 (UTC)");
        assert_eq!(for_readers(east, MOMENT), "13 Mar 2026, 00:05 UTC");
        assert_eq!(for_programs(east), "2026-03-13T00:05:00Z");
    }

    #[test]
    fn an_hour_is_as_long_ago_as_it_began() {
        let now = OffsetDateTime::from_unix_timestamp(1_773_360_300).expect("in range");
        for (hours, words) in [
            // The clock of another node may be ahead.
            (-1, "Within the hour"),
            (0, "Within the hour"),
            (1, "1 hour ago"),
            (23, "23 hours ago"),
            (24, "1 day ago"),
            (71, "2 days ago"),
            (24 * 1_000, "1,000 days ago"),
        ] {
            assert_eq!(ago(now - time::Duration::hours(hours), now), words);
        }
    }
}
