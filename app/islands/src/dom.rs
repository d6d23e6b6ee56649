//! What islands do to the document, each way once: what is generic is compiled again for each
//! use, and most of the script would be that.

use std::{pin::Pin, time::Duration};

use leptos::{
    prelude::{document, set_timeout},
    wasm_bindgen::{JsCast as _, closure::Closure},
};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, EventTarget, HtmlElement};

/// Whether this is the browser: the server renders islands too.
pub(crate) const IN_BROWSER: bool = cfg!(target_family = "wasm");

/// Calls `answer` with each such event. Nobody stops it: it lasts as long as the page.
pub(crate) fn listen(target: &EventTarget, event: &str, answer: impl Fn(Event) + 'static) {
    listen_boxed(target, event, Box::new(answer));
}

fn listen_boxed(target: &EventTarget, event: &str, answer: Box<dyn Fn(Event)>) {
    let answer = Closure::wrap(answer).into_js_value();
    // Refused only for what is no function.
    let _listens = target.add_event_listener_with_callback(event, answer.unchecked_ref());
}

/// Works on while the page goes on.
pub(crate) fn spawn(work: impl Future<Output = ()> + 'static) {
    let work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(work);
    spawn_local(work);
}

pub(crate) fn later(pause: Duration, work: impl FnOnce() + 'static) {
    let work: Box<dyn FnOnce()> = Box::new(work);
    set_timeout(work, pause);
}

/// The first element that fits, if it is one of HTML.
pub(crate) fn find(selector: &str) -> Option<HtmlElement> {
    let found = document().query_selector(selector).ok()??;
    found.dyn_into().ok()
}

pub(crate) fn all(selector: &str) -> Vec<Element> {
    let Ok(found) = document().query_selector_all(selector) else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|index| found.item(index)?.dyn_into().ok())
        .collect()
}

/// The element that the event happened to, or the closest one around it that fits.
pub(crate) fn closest(event: &Event, selector: &str) -> Option<HtmlElement> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(selector).ok()??.dyn_into().ok()
}

/// A new last child of `parent`.
pub(crate) fn append(parent: &Element, tag: &str) -> Option<Element> {
    let child = document().create_element(tag).ok()?;
    parent.append_child(&child).ok()?;
    Some(child)
}

/// Sets the attribute, or takes it away.
pub(crate) fn set(element: &Element, attribute: &str, value: Option<&str>) {
    // Fails only for malformed names.
    let _set = match value {
        Some(value) => element.set_attribute(attribute, value),
        None => element.remove_attribute(attribute),
    };
}
