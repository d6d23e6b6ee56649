//! Whether a slug is available, while it is typed.

use std::time::Duration;

use leptos::{ev, prelude::*, task::spawn_local, wasm_bindgen::JsCast as _};
use orghub::domain::OrgSlug;
use web_sys::HtmlInputElement;

use crate::api::lookups::is_slug_free;

/// How long a pause in typing ends a word: shorter asks in the middle of words, longer
/// feels late.
const PAUSE: Duration = Duration::from_millis(300);

/// What is known about the slug in the field.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nothing to say: empty, or what the page came with.
    Quiet,
    Checking,
    Available,
    /// And why.
    Unavailable(String),
}

/// Stands below a slug's field, `#org-slug`, and says whether the slug is available. If
/// the page has an empty slug, it follows the name in `#org-name` until a user types one.
/// The server decides when the form is sent.
#[island]
pub fn SlugCheck() -> impl IntoView {
    let state = RwSignal::new(State::Quiet);
    // Counts what was typed, so that a late answer about an earlier slug is ignored.
    let latest = StoredValue::new(0_u32);

    let check = move |text: String, unchanged: bool| {
        let mine = latest.try_update_value(|latest| {
            *latest += 1;
            *latest
        });
        if text.is_empty() || unchanged {
            state.set(State::Quiet);
            return;
        }
        let slug = match OrgSlug::parse(&text) {
            Ok(slug) => slug,
            Err(invalid) => return state.set(State::Unavailable(invalid.message)),
        };
        state.set(State::Checking);
        let is_current = move || latest.try_get_value() == mine;
        set_timeout(
            move || {
                if is_current() {
                    spawn_local(async move {
                        let answer = is_slug_free(slug.to_string()).await;
                        if is_current() {
                            state.set(match answer {
                                Ok(true) => State::Available,
                                Ok(false) => State::Unavailable("This slug is taken.".to_owned()),
                                // Nothing to worry about: sending the form will tell.
                                Err(_) => State::Quiet,
                            });
                        }
                    });
                }
            },
            PAUSE,
        );
    };

    // An effect, because effects run in browsers only. The listener stays as long as the
    // page does.
    Effect::new(move || {
        let (Some(name), Some(slug)) = (input("org-name"), input("org-slug")) else {
            return;
        };
        let follows_name = StoredValue::new(slug.value().is_empty());
        let _kept_by_the_window = window_event_listener(ev::input, move |event| {
            let target = event.target();
            let is = |field: &HtmlInputElement| {
                target
                    .as_ref()
                    .is_some_and(|target| target == field.as_ref())
            };
            if is(&slug) {
                follows_name.set_value(slug.value().is_empty());
            } else if is(&name) && follows_name.get_value() {
                slug.set_value(
                    &OrgSlug::suggest(&name.value())
                        .map_or_else(String::new, |slug| slug.to_string()),
                );
            } else {
                return;
            }
            if let Some(old) = document().get_element_by_id("org-slug-error") {
                // It was about another slug.
                old.remove();
            }
            check(slug.value(), slug.value() == slug.default_value());
        });
    });

    let kind = move || match state.get() {
        State::Quiet | State::Checking => "quiet",
        State::Available => "good",
        State::Unavailable(_) => "bad",
    };
    let text = move || match state.get() {
        State::Quiet => String::new(),
        State::Checking => "Checking…".to_owned(),
        State::Available => "This slug is available.".to_owned(),
        State::Unavailable(why) => why,
    };

    view! {
        <p class="field__status" id="slug-status" role="status" data-kind=kind>
            {text}
        </p>
    }
}

fn input(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}
