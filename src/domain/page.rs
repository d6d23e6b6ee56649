//! Pages of a list.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Rows of a page.
pub const PAGE_SIZE: u32 = 50;

/// A page's number, from 1 to 1,000,000 (beyond any list here, and far from
/// overflowing an offset).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageNumber(u32);

impl PageNumber {
    /// Page 1.
    pub const FIRST: Self = Self(1);
    /// The largest number a page can have.
    pub const MAX: Self = Self(1_000_000);

    /// `number`, held within the bounds.
    pub fn new(number: u32) -> Self {
        Self(number.clamp(Self::FIRST.0, Self::MAX.0))
    }

    /// Reads a page's number from an address; what is no positive number means
    /// page 1, what is too large the largest.
    pub fn parse(text: &str) -> Self {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Self::FIRST;
        }
        text.parse().map_or(Self::MAX, Self::new)
    }

    /// The number, from 1.
    pub fn get(self) -> u32 {
        self.0
    }

    /// Rows before this page.
    pub fn offset(self) -> i64 {
        i64::from(self.0 - 1) * i64::from(PAGE_SIZE)
    }
}

impl Default for PageNumber {
    fn default() -> Self {
        Self::FIRST
    }
}

impl fmt::Display for PageNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One page of a list and where it stands in the whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// This page's rows; empty beyond the last page.
    pub rows: Vec<T>,
    /// This page's number.
    pub number: PageNumber,
    /// Rows of all pages.
    pub total: i64,
    /// Whether `total` is a lower bound ("10,000+"): counting stopped there.
    pub total_is_capped: bool,
}

impl<T> Page<T> {
    /// Number of the last page; an empty list has one, empty, page.
    pub fn last(&self) -> PageNumber {
        let rows = u64::try_from(self.total).unwrap_or_default().max(1);
        PageNumber::new(u32::try_from(rows.div_ceil(u64::from(PAGE_SIZE))).unwrap_or(u32::MAX))
    }

    /// Whether the list ends before this page.
    pub fn is_beyond_last(&self) -> bool {
        self.number > self.last()
    }

    /// The page before, if there is one; from beyond the end, the last.
    pub fn previous(&self) -> Option<PageNumber> {
        (self.number > PageNumber::FIRST)
            .then(|| PageNumber::new(self.number.get() - 1).min(self.last()))
    }

    /// The page after, if there is one.
    pub fn next(&self) -> Option<PageNumber> {
        (self.number < self.last()).then(|| PageNumber::new(self.number.get() + 1))
    }

    /// Up to `width` page numbers around this one.
    pub fn window(&self, width: u32) -> Vec<PageNumber> {
        let last = self.last().get();
        let here = self.number.get().min(last);
        let start = here
            .saturating_sub(width / 2)
            .min((last + 1).saturating_sub(width))
            .max(1);
        (start..=last.min(start + width.max(1) - 1))
            .map(PageNumber::new)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(number: u32, total: i64) -> Page<()> {
        Page {
            rows: Vec::new(),
            number: PageNumber::new(number),
            total,
            total_is_capped: false,
        }
    }

    #[test]
    fn nonsense_means_the_first_page_and_too_much_the_largest() {
        for text in ["", "abc", "-1", "0", "1.5", " 2"] {
            assert_eq!(PageNumber::parse(text), PageNumber::FIRST, "{text:?}");
        }
        assert_eq!(PageNumber::parse("99999999999"), PageNumber::MAX);
        assert_eq!(PageNumber::parse("200").get(), 200);
    }

    #[test]
    fn ten_thousand_members_fill_two_hundred_pages() {
        assert_eq!(page(1, 10_000).last().get(), 200);
        assert_eq!(page(200, 10_000).next(), None);
        assert_eq!(page(201, 10_000).previous().map(PageNumber::get), Some(200));
        assert!(page(201, 10_000).is_beyond_last());
        assert!(!page(1, 0).is_beyond_last());
    }

    #[test]
    fn the_window_stays_within_the_list() {
        let window = |number, total| {
            page(number, total)
                .window(5)
                .into_iter()
                .map(PageNumber::get)
                .collect::<Vec<_>>()
        };
        assert_eq!(window(1, 10_000), [1, 2, 3, 4, 5]);
        assert_eq!(window(100, 10_000), [98, 99, 100, 101, 102]);
        assert_eq!(window(200, 10_000), [196, 197, 198, 199, 200]);
        assert_eq!(window(9_999, 10_000), [196, 197, 198, 199, 200]);
        assert_eq!(window(1, 60), [1, 2]);
        assert_eq!(window(1, 0), [1]);
    }
}
