//! Dates as pages show them: in UTC, because the server knows of no better zone, and a page
//! must read the same before and after its script starts.

use leptos::prelude::*;
use time::{
    OffsetDateTime, UtcOffset,
    format_description::{StaticFormatDescription, well_known::Rfc3339},
    macros::format_description,
};

const DAY: StaticFormatDescription =
    format_description!("[day padding:none] [month repr:short] [year]");
const MOMENT: StaticFormatDescription =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");

/// A day, such as "12 Mar 2026".
#[component]
pub fn Day(at: OffsetDateTime) -> impl IntoView {
    view! { <time datetime=for_programs(at)>{for_readers(at, DAY)}</time> }
}

/// A moment, such as "12 Mar 2026, 14:05 UTC".
#[component]
pub fn Moment(at: OffsetDateTime) -> impl IntoView {
    view! { <time datetime=for_programs(at)>{for_readers(at, MOMENT)}</time> }
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
        assert_eq!(for_readers(east, MOMENT), "13 Mar 2026, 00:05 UTC");
        assert_eq!(for_programs(east), "2026-03-13T00:05:00Z");
    }
}
