//! Whether a slug is available, while it is typed.

use std::{cell::Cell, time::Duration};

use leptos::{prelude::*, wasm_bindgen::JsCast as _};
use orghub_domain::{OrgSlug, routes::api};
use web_sys::{HtmlInputElement, js_sys::JsString};

use crate::{
    ask::{self, lower},
    dom::{IN_BROWSER, find, listen, set},
    questions::Questions,
};

/// How long a pause in typing ends a word: shorter asks in the middle of words, longer
/// feels late.
const PAUSE: Duration = Duration::from_millis(300);

/// Stands below a slug's field, `#org-slug`, and says whether the slug is available. If
/// the page has an empty slug, it follows the name in `#org-name` until a user types one.
/// The server decides when the form is sent.
#[island]
pub fn SlugCheck() -> impl IntoView {
    if IN_BROWSER && let (Some(name), Some(slug)) = (input("org-name"), input("org-slug")) {
        follow(name, slug);
    }
    view! { <p class="field__status" id="slug-status" role="status" data-kind="quiet"></p> }
}

fn follow(name: HtmlInputElement, slug: HtmlInputElement) {
    let follows_name = Cell::new(slug.value().is_empty());
    let questions = Questions::default();
    listen(&window(), "input", move |event| {
        let target = event.target();
        let is = |field: &HtmlInputElement| {
            target
                .as_ref()
                .is_some_and(|target| target == field.as_ref())
        };
        if is(&slug) {
            follows_name.set(slug.value().is_empty());
        } else if is(&name) && follows_name.get() {
            let suggested = OrgSlug::suggest(&decomposed(&name.value()));
            slug.set_value(&suggested.map_or_else(String::new, |slug| slug.to_string()));
        } else {
            return;
        }
        if let Some(old) = find("#org-slug-error") {
            // It was about another slug.
            old.remove();
        }
        check(&slug, &questions);
    });
}

fn check(field: &HtmlInputElement, questions: &Questions) {
    questions.forget();
    let text = field.value();
    if text.is_empty() || text == field.default_value() {
        return say("quiet", "");
    }
    let slug = match OrgSlug::parse(&text) {
        Ok(slug) => slug,
        Err(invalid) => return say("bad", &invalid.message),
    };
    say("quiet", "Checking…");
    let question = async move {
        let address = ask::address(api::IS_SLUG_FREE, &[("slug", slug.as_str())]);
        ask::json("GET", &address).await.ok()?.as_bool()
    };
    questions.ask(PAUSE, question, |is_free| match is_free {
        Some(true) => say("good", "This slug is available."),
        Some(false) => say("bad", "This slug is taken."),
        // Nothing to worry about: sending the form will tell.
        None => say("quiet", ""),
    });
}

fn say(kind: &str, text: &str) {
    if let Some(status) = find("#slug-status") {
        set(&status, "data-kind", Some(kind));
        status.set_text_content(Some(text));
    }
}

/// By the browser, which has the tables.
fn decomposed(text: &str) -> String {
    lower(&String::from(JsString::from(text).normalize("NFKD")))
}

fn input(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}
