//! That an organization requires a second factor of its members.

use std::fmt;

use time::{
    Date, Duration, OffsetDateTime, Time, UtcOffset, format_description::StaticFormatDescription,
    macros::format_description,
};

use super::Invalid;

/// As a date field of a form sends it.
const FORMAT: StaticFormatDescription = format_description!("[year]-[month]-[day]");

/// How long members have if nobody says otherwise: two weeks of work.
const USUAL_GRACE: Duration = Duration::days(14);

/// The longest that a rule may lie ahead; later ones are forgotten before they count.
const LONGEST_GRACE: Duration = Duration::days(90);

/// The day, in UTC, from whose beginning on a second factor is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstDay(Date);

impl FirstDay {
    /// # Errors
    /// [`Invalid`] for the field `from`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Date::parse(text.trim(), FORMAT)
            .map(Self)
            .map_err(|_| Invalid::new("from", "Enter a date, such as 2027-01-31."))
    }

    /// The day of this moment.
    pub fn of(moment: OffsetDateTime) -> Self {
        Self(moment.to_offset(UtcOffset::UTC).date())
    }

    /// What a form suggests at `now`.
    pub fn usual(now: OffsetDateTime) -> Self {
        Self::of(now + USUAL_GRACE)
    }

    /// The last day that is taken at `now`.
    pub fn last(now: OffsetDateTime) -> Self {
        Self::of(now + LONGEST_GRACE)
    }

    /// # Errors
    /// [`Invalid`] for the field `from` if it is past at `now`, or too far ahead.
    pub fn check(self, now: OffsetDateTime) -> Result<(), Invalid> {
        let (today, last) = (Self::of(now), Self::last(now));
        if self.0 < today.0 || self.0 > last.0 {
            let message = format!("Choose a day from {today} to {last}.");
            return Err(Invalid::new("from", message));
        }
        Ok(())
    }

    pub fn begins_at(self) -> OffsetDateTime {
        self.0.with_time(Time::MIDNIGHT).assume_utc()
    }
}

impl fmt::Display for FirstDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.format(FORMAT).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

/// Members who have no second factor, suspended ones aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WithoutSecondFactor {
    /// All of them.
    pub total: i64,
    /// Those who joined first; [`Self::MOST`] at most.
    pub first: Vec<NamedMember>,
}

impl WithoutSecondFactor {
    /// How many are named.
    pub const MOST: i64 = 50;
}

/// A member by name and address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedMember {
    pub name: String,
    pub email: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> FirstDay {
        FirstDay::parse(text).expect("a day")
    }

    #[test]
    fn a_day_is_read_as_it_is_written() {
        assert_eq!(day(" 2026-11-29 ").to_string(), "2026-11-29");
        for text in ["", "today", "2026-13-01", "2026-02-30", "29.11.2026"] {
            let refused = FirstDay::parse(text).expect_err(text);
            assert_eq!(refused.field.as_deref(), Some("from"));
        }
    }

    #[test]
    fn a_rule_begins_today_at_the_earliest_and_in_ninety_days_at_the_latest() {
        let now = day("2026-11-29").begins_at() + Duration::hours(23);
        assert_eq!(FirstDay::usual(now), day("2026-12-13"));
        for taken in ["2026-11-29", "2026-12-13", "2027-02-27"] {
            assert_eq!(day(taken).check(now), Ok(()), "{taken}");
        }
        for refused in ["2026-11-28", "2027-02-28", "0001-01-01"] {
            assert!(day(refused).check(now).is_err(), "{refused}");
        }
    }
}
