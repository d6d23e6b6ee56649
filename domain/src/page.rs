//! Pages of a list.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Rows of a page, where nobody chooses.
pub const PAGE_SIZE: u32 = 50;

/// How many rows a page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageSize(u32);

impl PageSize {
    /// The sizes there are to choose from, the smallest first.
    pub const ALL: [Self; 3] = [Self(25), Self(PAGE_SIZE), Self(100)];

    /// Not to be chosen: the size in which a list is read that is taken away whole.
    pub const OF_FILE: Self = Self(500);

    /// Reads a size from an address; what is none of them means the default.
    pub fn parse(text: &str) -> Self {
        let size = Self::ALL.into_iter().find(|size| size.to_string() == text);
        size.unwrap_or_default()
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(PAGE_SIZE)
    }
}

impl fmt::Display for PageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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

    /// Rows before this page, of pages of the usual size.
    pub fn offset(self) -> i64 {
        self.offset_by(PageSize::default())
    }

    /// Rows before this page, of pages of this size.
    pub fn offset_by(self, size: PageSize) -> i64 {
        i64::from(self.0 - 1) * i64::from(size.0)
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

/// Counting the rows of a list stops behind these: "10,000+". Ten thousand index entries count in
/// a millisecond and a half (docs/indexes.md).
pub const COUNT_CAP: i64 = 10_000;

/// One page of a list and where it stands in the whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// This page's rows; empty beyond the last page.
    pub rows: Vec<T>,
    /// This page's number.
    pub number: PageNumber,
    /// Rows of a full page.
    pub size: PageSize,
    /// Rows of all pages.
    pub total: i64,
    /// Whether `total` is a lower bound ("10,000+"): counting stopped there.
    pub total_is_capped: bool,
    /// Rows from the start whose pages have numbers: all of `total`, or as many as were found of a
    /// list in which numbers cost too much. From there on "next" leads further.
    pub numbered: i64,
}

impl<T> Page<T> {
    /// A page without rows of a list that has `total`.
    pub fn of_exactly(total: i64, number: PageNumber, size: PageSize) -> Self {
        Self {
            rows: Vec::new(),
            number,
            size,
            total,
            total_is_capped: false,
            numbered: total,
        }
    }

    /// A page without rows of a list of which one more than [`COUNT_CAP`] are counted at most.
    pub fn of_counted(counted: i64, number: PageNumber, size: PageSize) -> Self {
        Self {
            total_is_capped: counted > COUNT_CAP,
            ..Self::of_exactly(counted.min(COUNT_CAP), number, size)
        }
    }

    /// Whether `total` says how many there are, as far as lists are counted. Of a search that finds
    /// many in a large organization it says how many were found on the way.
    pub fn is_counted(&self) -> bool {
        !self.total_is_capped || self.total >= COUNT_CAP
    }

    /// With these rows.
    pub fn with(self, rows: Vec<T>) -> Self {
        Self { rows, ..self }
    }

    /// The page `number` of a list that is at hand as a whole.
    pub fn of<'a>(list: impl Iterator<Item = &'a T> + Clone, number: PageNumber) -> Self
    where
        T: Clone + 'a,
    {
        let before = usize::try_from(number.offset()).unwrap_or(usize::MAX);
        let rows = list.clone().skip(before).take(PAGE_SIZE as usize);
        let total = i64::try_from(list.count()).unwrap_or(i64::MAX);
        Self::of_exactly(total, number, PageSize::default()).with(rows.cloned().collect())
    }

    /// Number of the last page that has one; an empty list has one, empty, page.
    pub fn last(&self) -> PageNumber {
        let rows = u64::try_from(self.numbered).unwrap_or_default().max(1);
        PageNumber::new(u32::try_from(rows.div_ceil(u64::from(self.size.0))).unwrap_or(u32::MAX))
    }

    /// Whether the list ends before this page.
    pub fn is_beyond_last(&self) -> bool {
        self.number > self.last()
    }

    /// Rows before this page, if those before it are full.
    pub fn offset(&self) -> i64 {
        self.number.offset_by(self.size)
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
        Page::of_exactly(total, PageNumber::new(number), PageSize::default())
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
    fn a_page_has_one_of_three_sizes() {
        for text in ["", "0", "1", "49", "050", "+50", "1000", "all"] {
            assert_eq!(PageSize::parse(text), PageSize::default(), "{text:?}");
        }
        let last = PageSize::ALL.map(|size| {
            let page = Page {
                size: PageSize::parse(&size.to_string()),
                ..page(3, 10_000)
            };
            (page.offset(), page.last().get())
        });
        assert_eq!(last, [(50, 400), (100, 200), (200, 100)]);
    }

    #[test]
    fn a_list_at_hand_is_cut_into_pages() {
        let list: Vec<u32> = (0..120).collect();
        let rows = |number| Page::of(list.iter(), PageNumber::new(number)).rows;
        assert_eq!(rows(1), list[..50]);
        assert_eq!(rows(3), list[100..]);
        assert!(rows(4).is_empty());
        let page = Page::of(list.iter(), PageNumber::MAX);
        assert_eq!((page.total, page.last().get()), (120, 3));
        assert!(page.is_beyond_last());
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
