//! The links from one page of a list to the others.

use leptos::prelude::*;
use orghub::domain::{Page, PageNumber};

/// How many page numbers stand around the current one.
const WINDOW: u32 = 5;

/// Links to the first, previous, next and last page and to those around this one. Nothing
/// if the list has one page.
///
/// The ends keep their places when they lead nowhere, so that "Next" is always under the
/// same finger.
pub fn pagination<T>(
    page: &Page<T>,
    label: &'static str,
    href: impl Fn(PageNumber) -> String,
) -> AnyView {
    let (first, last) = (PageNumber::FIRST, page.last());
    if first == last && !page.is_beyond_last() {
        return ().into_any();
    }
    let end = |text: &'static str, rel: Option<&'static str>, to: Option<PageNumber>| match to {
        Some(number) => {
            view! { <a class="pager__link" href=href(number) rel=rel>{text}</a> }.into_any()
        }
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
                <li>{end("First", None, (page.number > first).then_some(first))}</li>
                <li>{end("Previous", Some("prev"), page.previous())}</li>
                {numbers}
                <li>{end("Next", Some("next"), page.next())}</li>
                <li>{end("Last", None, (page.number < last).then_some(last))}</li>
            </ul>
        </nav>
    }
    .into_any()
}
