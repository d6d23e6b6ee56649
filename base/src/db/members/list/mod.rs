//! The member list, page by page: exactly the columns shown and the total.
//!
//! What it is sorted, filtered and searched by is in `member_list`, in classes
//! (migrations/0027_member_list.sql). A list of whole classes is read by [`classes`]; one that
//! leaves out some of a class, such as a search, by [`many`] if it means many and else by
//! [`few`]. Each page goes on from a place, not from a count of rows, unless it is asked for by
//! its number: then [`marks`] are near it.

#[macro_use]
mod rows;

mod classes;
mod few;
mod many;
mod marks;
mod starts;
mod total;

pub use self::{marks::list_marks, total::list_total};
use self::{
    rows::{Placed, Row},
    starts::Starts,
};

use std::sync::Arc;

use crate::{
    boxed,
    db::{Reader, Stamped, member_filter::MemberFilter},
    domain::{
        COUNT_CAP, ListFrom, MemberListQuery, MemberMarks, MemberPage, MemberRow, MemberSort,
        MemberTotal, OrgId, OrgSlug, Page, PageNumber,
    },
    error::Result,
    telemetry::SPANS,
};

/// How many of a class a search looks through for a page, and of the others as many as come before
/// the last of these.
const SEARCHED: i64 = 3_000;

/// The same where each costs a look into another table, too.
const LOOKED_UP: i64 = 500;

/// A search that found at least this part of a page, a quarter, looks as many times further.
const FURTHER: i64 = 4;

/// From how many rows on a page is found by marks. Up to here the rows before it are read.
const DEEP: i64 = 1_000;

/// A page as the statements take it.
struct Ask<'a> {
    slug: &'a OrgSlug,
    search: Option<&'a str>,
    days_inactive: Option<i32>,
    sort: MemberSort,
    is_by_role: bool,
    /// Whether nobody is left out, so that the total is the organization's counter.
    is_everybody: bool,
    from: Option<&'a ListFrom>,
    starts: Starts,
    /// Rows to skip behind the starts.
    offset: i64,
    /// Rows of the page.
    size: i64,
    /// One more, which shows whether the list goes on.
    limit: i64,
    /// How many of a class are looked through.
    looked_through: i64,
    /// What the whole list has, if it was counted before.
    whole: Option<i64>,
}

impl Ask<'_> {
    fn is_backward(&self) -> bool {
        matches!(self.from, Some(ListFrom::Before(_)))
    }

    /// Whether what was found is all there is, wherever a look through the list ended.
    fn is_answered_by(&self, first: &Row) -> bool {
        !first.goes_on || (self.from.is_none() && first.whole == Some(first.found))
    }

    /// Whether too few were found for the page. One that is asked for by its number may be
    /// anywhere in a list that is counted.
    fn is_left_short_by(&self, first: &Row) -> bool {
        let wanted = match first.whole {
            Some(whole) if whole <= COUNT_CAP => self.offset + self.limit,
            _ => self.limit,
        };
        !self.is_answered_by(first) && first.found < wanted
    }
}

/// What is known of a list before a page of it is read.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Of its order.
    pub marks: Option<Arc<MemberMarks>>,
    pub total: Option<Arc<MemberTotal>>,
}

/// What was read for a page.
struct Read {
    rows: Vec<Row>,
    how: How,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// Whole classes.
    Classes,
    /// As far as was looked.
    Many,
    /// All there are.
    Few,
}

/// The rows of the statement that `$pages`, a module, has for the order and direction asked for.
macro_rules! read_in_order {
    ($pages:ident, $reader:expr, $ask:expr) => {
        match ($ask.sort, $ask.is_backward()) {
            (MemberSort::Joined | MemberSort::Role, false) => $pages::by_joined($reader, $ask),
            (MemberSort::Joined | MemberSort::Role, true) => {
                $pages::by_joined_backward($reader, $ask)
            }
            (MemberSort::Name, false) => $pages::by_name($reader, $ask),
            (MemberSort::Name, true) => $pages::by_name_backward($reader, $ask),
            (MemberSort::Active, false) => $pages::by_active($reader, $ask),
            (MemberSort::Active, true) => $pages::by_active_backward($reader, $ask),
        }
        .await?
    };
}

/// Whether a page is so far from the start that marks help to find it.
pub fn is_deep(query: &MemberListQuery) -> bool {
    query.from.is_none()
        && query.page.offset_by(query.size) >= DEEP
        && query.search.is_empty()
        && query
            .inactive
            .is_none_or(|inactive| inactive.days().is_none())
}

/// A page of the members of the organization whose current slug this is; `None`: no
/// such organization. `known` is of this list. The total is exact unless the list is filtered and
/// longer than 10,000, or a search that finds many in an organization which is and was not counted.
#[tracing::instrument(level = "debug", target = SPANS, name = "sql.members.list_page", skip_all)]
#[boxed]
pub async fn list_page(
    reader: &Reader,
    slug: &OrgSlug,
    query: &MemberListQuery,
    known: &Known,
) -> Result<Stamped<Option<MemberPage>>> {
    let read = read(reader, slug, query, known).await?;
    let how = read.how;
    Ok(Stamped::rows(read.rows, |row| row.as_of)?.map(|mut rows| {
        let first = rows.peek()?;
        let org_id = first.org_id?;
        let list = List {
            how,
            whole: first.whole,
            found: first.found,
            goes_on: first.goes_on,
            skipped: first.skipped,
        };
        let members = rows.filter_map(|row| row.member(query.sort)).collect();
        Some(list.page(org_id, query, members))
    }))
}

#[boxed]
async fn read(
    reader: &Reader,
    slug: &OrgSlug,
    query: &MemberListQuery,
    known: &Known,
) -> Result<Read> {
    let filter = MemberFilter::of(query);
    let size = i64::from(query.size.get());
    let offset = match query.from {
        Some(_) => 0,
        // Beyond, no page is shown by its number.
        None if query.is_filtered() => query.page.offset_by(query.size).min(COUNT_CAP),
        None => query.page.offset_by(query.size),
    };
    let skipped = known
        .marks
        .as_deref()
        .filter(|_| is_deep(query))
        .and_then(|marks| marks.before(&filter.classes, offset));
    let mut ask = Ask {
        slug,
        search: filter.search,
        days_inactive: filter.days_inactive,
        sort: query.sort,
        is_by_role: query.sort == MemberSort::Role,
        is_everybody: !query.is_filtered(),
        from: query.from.as_ref(),
        starts: Starts::of(query, &filter.classes, skipped.as_ref()),
        offset: offset - skipped.map_or(0, |skipped| skipped.members),
        size,
        limit: size + 1,
        looked_through: match (filter.search, query.sort) {
            (Some(_), MemberSort::Joined | MemberSort::Name | MemberSort::Role) => SEARCHED,
            // The pages of a file are larger than that.
            _ => LOOKED_UP.max(2 * size),
        },
        whole: known.total.as_ref().map(|total| total.members),
    };
    let are_classes_whole =
        ask.search.is_none() && (ask.days_inactive.is_none() || query.sort == MemberSort::Active);
    if are_classes_whole {
        return Ok(Read {
            rows: read_in_order!(classes, reader, &ask),
            how: How::Classes,
        });
    }
    search(reader, &mut ask).await
}

/// A page of a list that leaves out some of a class, by looking through it or from an index that
/// knows who is meant.
#[boxed]
async fn search(reader: &Reader, ask: &mut Ask<'_>) -> Result<Read> {
    let mut rows = look_through(reader, ask).await?;
    // Not even one page was found in what was looked through: the whole list is short, or it is
    // all further on, or only a little further.
    let is_short = |ask: &Ask<'_>, rows: &[Row]| {
        let first = rows.first();
        first.is_some_and(|first| ask.is_left_short_by(first))
    };
    let found = rows.first().map_or(0, |first| first.found);
    if is_short(ask, &rows) && found * FURTHER >= ask.limit {
        ask.looked_through *= FURTHER + 1;
        rows = look_through(reader, ask).await?;
    }
    if is_short(ask, &rows) {
        let rows = few::in_any_order(reader, ask).await?;
        let how = How::Few;
        return Ok(Read { rows, how });
    }
    if let Some(first) = rows.first_mut() {
        first.goes_on = !ask.is_answered_by(first);
    }
    let how = How::Many;
    Ok(Read { rows, how })
}

#[boxed]
async fn look_through(reader: &Reader, ask: &Ask<'_>) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = read_in_order!(many, reader, ask);
    if let Some(first) = rows.first_mut() {
        first.whole = first.whole.or(ask.whole);
    }
    Ok(rows)
}

/// What the statement said of the list.
struct List {
    how: How,
    whole: Option<i64>,
    found: i64,
    goes_on: bool,
    skipped: i64,
}

impl List {
    /// The page, of `members` in the order in which they were read, which may be one more.
    fn page(&self, org_id: OrgId, query: &MemberListQuery, members: Vec<Placed>) -> MemberPage {
        let mut page = self.empty(query);
        let is_past_the_end = query.from.is_none() && page.is_beyond_last();
        let (members, is_first, is_last) = if is_past_the_end {
            (Vec::new(), true, true)
        } else {
            self.cut(query, members)
        };
        let place = |placed: &Placed| placed.place.clone();
        let before = members.first().filter(|_| !is_first).map(place);
        let after = members.last().filter(|_| !is_last).map(place);
        if query.from.is_some() && !members.is_empty() {
            // The number is what the page was called when the way here began.
            if before.is_none() {
                page.number = PageNumber::FIRST;
            } else if !page.total_is_capped {
                page.number = page.number.min(page.last());
            }
        }
        page.rows = members.into_iter().map(|placed| placed.row).collect();
        MemberPage {
            org_id,
            page,
            before,
            after,
        }
    }

    /// The members of the page in the order of the list, and whether it begins and ends there.
    fn cut(&self, query: &MemberListQuery, mut members: Vec<Placed>) -> (Vec<Placed>, bool, bool) {
        let size = query.size.get() as usize;
        if self.how == How::Few {
            let read = self.skipped + i64::try_from(members.len()).unwrap_or(i64::MAX);
            return (members, self.skipped == 0, read >= self.found);
        }
        let is_cut = members.len() > size;
        members.truncate(size);
        if matches!(query.from, Some(ListFrom::Before(_))) {
            members.reverse();
            return (members, !is_cut, false);
        }
        let is_first = query.from.is_none() && query.page == PageNumber::FIRST;
        let is_last = !is_cut && !self.goes_on;
        (members, is_first, is_last)
    }

    /// The page without its rows.
    fn empty(&self, query: &MemberListQuery) -> Page<MemberRow> {
        let (number, size) = (query.page, query.size);
        match self.whole {
            Some(members) if !query.is_filtered() => Page::of_exactly(members, number, size),
            Some(whole) if whole <= COUNT_CAP || self.how != How::Many => {
                Page::of_counted(whole, number, size)
            }
            whole => {
                let (known, is_all) = self.known(query);
                let page = Page {
                    numbered: known,
                    ..Page::of_counted(whole.unwrap_or(known), number, size)
                };
                Page {
                    total_is_capped: page.total_is_capped || !is_all,
                    ..page
                }
            }
        }
    }

    /// How many rows are known of a list that was not counted, and whether that is all: those
    /// before the page, by its number, and what was found.
    fn known(&self, query: &MemberListQuery) -> (i64, bool) {
        let size = i64::from(query.size.get());
        let before = query.page.offset_by(query.size);
        // Of what was looked through, the pages that are full.
        let found = if self.goes_on {
            self.found - self.found % size
        } else {
            self.found
        };
        match &query.from {
            None => (found.min(COUNT_CAP), !self.goes_on && found <= COUNT_CAP),
            Some(ListFrom::After(_)) => (before + found, !self.goes_on),
            Some(ListFrom::Before(_)) => (before + size + 1, false),
        }
    }
}
