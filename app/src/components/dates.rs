//! Dates for people, in UTC: the server knows no better zone, and a page must
//! read the same before and after its script wakes.

use leptos::prelude::*;
use time::OffsetDateTime;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A day, such as "12 Mar 2026".
#[component]
pub fn Day(
    /// Any time of that day.
    at: OffsetDateTime,
) -> impl IntoView {
    view! { <time datetime=machine(at)>{day(at)}</time> }
}

/// A moment, such as "12 Mar 2026, 14:05 UTC".
#[component]
pub fn Moment(
    /// The moment.
    at: OffsetDateTime,
) -> impl IntoView {
    let utc = at.to_offset(time::UtcOffset::UTC);
    view! { <time datetime=machine(at)>{format!("{}, {:02}:{:02} UTC", day(at), utc.hour(), utc.minute())}</time> }
}

fn day(at: OffsetDateTime) -> String {
    let date = at.to_offset(time::UtcOffset::UTC).date();
    format!(
        "{} {} {}",
        date.day(),
        MONTHS[usize::from(u8::from(date.month())) - 1],
        date.year()
    )
}

fn machine(at: OffsetDateTime) -> String {
    let utc = at.to_offset(time::UtcOffset::UTC);
    let (date, time) = (utc.date(), utc.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_utc() {
        let at = OffsetDateTime::from_unix_timestamp(1_773_360_300).expect("in range");
        let east = at.to_offset(time::UtcOffset::from_hms(14, 0, 0).expect("an offset"));
        assert_eq!(day(east), "13 Mar 2026");
        assert_eq!(machine(east), "2026-03-13T00:05:00Z");
    }
}
