//! Where a page stands in its list, and the links from there to the others.

use leptos::prelude::*;
use orghub_domain::{Page, PageNumber};

use super::{empty_state::EmptyState, grouped};

/// How many page numbers stand around the current one.
const WINDOW: u32 = 5;

/// What stands below a page's rows: which they are, and links to other pages.
pub fn list_foot<T>(
    page: &Page<T>,
    label: &'static str,
    href: impl Fn(PageNumber) -> String,
) -> AnyView {
    let beside = Beside {
        previous: page.previous().map(&href),
        next: page.next().map(&href),
    };
    foot_beside(page, label, href, beside)
}

/// The addresses of the pages before and after a page.
pub struct Beside {
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// The same of a list that knows the pages beside this one better than by their numbers.
pub fn foot_beside<T>(
    page: &Page<T>,
    label: &'static str,
    href: impl Fn(PageNumber) -> String,
    beside: Beside,
) -> AnyView {
    view! {
        <div class="paged-list__foot">
            <p class="paged-list__range">{range(page)}</p>
            {pagination(page, label, href, beside)}
        </div>
    }
    .into_any()
}

/// In the place of rows where the list has none any more.
pub fn past_the_end<T>(page: &Page<T>, href: impl Fn(PageNumber) -> String) -> AnyView {
    let last = page.last();
    let there = href(last);
    let pages = if last.get() == 1 { "page" } else { "pages" };
    let (title, length) = if page.total_is_capped {
        (
            "There is no page of this number",
            format!(
                "The first {} {pages} have one. From there, \u{201c}Next\u{201d} leads on.",
                grouped(last.get())
            ),
        )
    } else {
        (
            "This page is past the end of the list",
            format!("The list has {} {pages}.", grouped(last.get())),
        )
    };
    view! {
        <EmptyState title>
            <p>{length}</p>
            <p><a class="button" href=there>"Go to the last page"</a></p>
        </EmptyState>
    }
    .into_any()
}

/// Rows of all pages: "10,000", or "10,000+" if counting stopped there.
pub fn total<T>(page: &Page<T>) -> String {
    let more = if page.total_is_capped { "+" } else { "" };
    format!("{}{more}", grouped(page.total))
}

/// The same of a list that is not counted yet ([`Page::is_counted`]): a browser with scripts sets it
/// when it is ([`Total`](orghub_islands::Total)).
pub fn total_so_far<T>(page: &Page<T>) -> AnyView {
    view! { <span data-uncounted>{total(page)}</span> }.into_any()
}

/// "1–50 of 10,000".
fn range<T>(page: &Page<T>) -> AnyView {
    let first = page.offset() + 1;
    let last = page.offset() + i64::try_from(page.rows.len()).unwrap_or_default();
    let rows = format!("{}–{} of ", grouped(first), grouped(last));
    if page.is_counted() {
        (rows + &total(page)).into_any()
    } else {
        view! { {rows}{total_so_far(page)} }.into_any()
    }
}

/// Links to the first, previous, next and last page and to those around this one. Nothing
/// if the list has one page.
///
/// The ends keep their places when they lead nowhere, so that "Next" is always under the
/// same finger.
fn pagination<T>(
    page: &Page<T>,
    label: &'static str,
    href: impl Fn(PageNumber) -> String,
    beside: Beside,
) -> AnyView {
    let (first, last) = (PageNumber::FIRST, page.last());
    // Of what was not counted nobody knows the last.
    let leads_to_last = page.number < last && page.is_counted();
    let is_alone = beside.previous.is_none() && beside.next.is_none();
    if first == last && is_alone && !page.is_beyond_last() {
        return ().into_any();
    }
    let end = |text: &'static str, rel: Option<&'static str>, to: Option<String>| match to {
        Some(href) => view! { <a class="pager__link" href=href rel=rel>{text}</a> }.into_any(),
        None => view! { <span class="pager__link" aria-disabled="true">{text}</span> }.into_any(),
    };
    let numbers = page
        .window(WINDOW)
        .into_iter()
        .map(|number| {
            let current = (number == page.number).then_some("page");
            view! {
                <li class="pager__number">
                    <a class="pager__link" href=href(number) aria-current=current>
                        <span class="visually-hidden">"Page "</span>
                        {number.get()}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="pager" aria-label=label>
            <ul class="pager__list">
                <li>{end("First", None, (page.number > first).then(|| href(first)))}</li>
                <li>{end("Previous", Some("prev"), beside.previous)}</li>
                {numbers}
                <li>{end("Next", Some("next"), beside.next)}</li>
                <li>{end("Last", None, leads_to_last.then(|| href(last)))}</li>
            </ul>
        </nav>
    }
    .into_any()
}
