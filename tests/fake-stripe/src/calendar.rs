//! Periods of calendar months and years, in UTC.

use time::{Duration, Month, OffsetDateTime, util::days_in_month};

/// In seconds.
pub(crate) const DAY: i64 = 24 * 60 * 60;

/// `count` intervals (`day`, `week`, `month`, `year`) after `from`, in seconds since 1970.
/// A day that a month does not have becomes its last one, counted from `anchor`: a
/// subscription of 31 January renews on 28 February and 31 March.
pub(crate) fn add(from: i64, anchor: i64, interval: &str, count: i64) -> i64 {
    match interval {
        "day" => from + count * DAY,
        "week" => from + 7 * count * DAY,
        "year" => add_months(from, anchor, 12 * count),
        _ => add_months(from, anchor, count),
    }
}

fn add_months(from: i64, anchor: i64, months: i64) -> i64 {
    let (Ok(start), Ok(anchor)) = (
        OffsetDateTime::from_unix_timestamp(from),
        OffsetDateTime::from_unix_timestamp(anchor),
    ) else {
        return from + months * 30 * DAY;
    };
    let index = i64::from(start.year()) * 12 + i64::from(u8::from(start.month())) - 1 + months;
    let year = i32::try_from(index.div_euclid(12)).unwrap_or(9999);
    let month = u8::try_from(index.rem_euclid(12) + 1)
        .ok()
        .and_then(|month| Month::try_from(month).ok())
        .unwrap_or(Month::January);
    let day = anchor.day().min(days_in_month(month, year));
    start
        .replace_day(1)
        .and_then(|date| date.replace_year(year))
        .and_then(|date| date.replace_month(month))
        .and_then(|date| date.replace_day(day))
        .map_or(from + months * 30 * DAY, OffsetDateTime::unix_timestamp)
}

/// `5 Jan 2027`, in UTC.
pub(crate) fn date(seconds: i64) -> String {
    let Ok(date) = OffsetDateTime::from_unix_timestamp(seconds) else {
        return format!("second {seconds}");
    };
    let month = date.month().to_string();
    format!(
        "{} {} {}",
        date.day(),
        month.get(..3).unwrap_or(&month),
        date.year()
    )
}

/// Now, as the machine has it.
pub(crate) fn real_now() -> i64 {
    since_epoch().whole_seconds()
}

/// For ids that a restart must not repeat.
pub(crate) fn microseconds() -> i128 {
    since_epoch().whole_microseconds()
}

fn since_epoch() -> Duration {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .ok()
        .and_then(|elapsed| Duration::try_from(elapsed).ok())
        .expect("it is later than 1970 and not the end of time")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i32, month: Month, day: u8) -> i64 {
        time::Date::from_calendar_date(year, month, day)
            .unwrap()
            .midnight()
            .assume_utc()
            .unix_timestamp()
    }

    #[test]
    fn months_end_where_the_calendar_says() {
        let anchor = at(2026, Month::January, 31);
        let february = add(anchor, anchor, "month", 1);
        assert_eq!(february, at(2026, Month::February, 28));
        assert_eq!(
            add(february, anchor, "month", 1),
            at(2026, Month::March, 31)
        );
        assert_eq!(
            add(
                at(2028, Month::February, 29),
                at(2028, Month::February, 29),
                "year",
                1
            ),
            at(2029, Month::February, 28)
        );
        assert_eq!(
            add(at(2026, Month::November, 15), anchor, "month", 2),
            at(2027, Month::January, 31),
            "the anchor's day counts"
        );
        assert_eq!(date(at(2027, Month::January, 5)), "5 Jan 2027");
    }
}
