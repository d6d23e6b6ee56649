//! The menu that switches between organizations.

use std::{rc::Rc, time::Duration};

use leptos::prelude::*;
use orghub_domain::routes::api;
use web_sys::js_sys::Reflect;

use crate::{
    ask,
    choices::{Choices, PAUSE},
    dom::{IN_BROWSER, find, listen},
    questions::Questions,
    recent,
};

/// Fills `#org-menu`, which opens without JavaScript, with the user's organizations, those
/// that this browser opened last first. They are asked for when the menu opens, because a page
/// view must not pay for a menu that nobody opens.
#[island]
pub fn OrgMenu() -> impl IntoView {
    if !IN_BROWSER {
        return;
    }
    recent::remember();
    let Some(menu) = find("#org-menu") else {
        return;
    };
    let Some(choices) = Choices::of(&menu) else {
        return;
    };
    let questions = Questions::default();
    let (asks, typing) = (choices.clone(), questions.clone());
    choices.listen(move |typed| ask(&asks, &typing, typed, PAUSE));
    listen(&menu, "beforetoggle", move |event| {
        let state = Reflect::get(&event, &"newState".into());
        if state.is_ok_and(|state| state == "open") {
            choices.field.set_value("");
            ask(&choices, &questions, String::new(), Duration::ZERO);
        }
    });
}

fn ask(choices: &Rc<Choices>, questions: &Questions, search: String, pause: Duration) {
    // Enter may come before the answer, and what was active answered another question.
    choices.activate(None);
    // What was typed means the first one it finds.
    let active = (!search.is_empty()).then_some(0);
    let question = async move {
        // If nobody answers, the search and the links still work.
        let parameters = [("q", &*search), ("recent", &recent::slugs())];
        ask::links(api::MY_ORGS, &parameters).await
    };
    let choices = choices.clone();
    questions.ask(pause, question, move |orgs| choices.show(&orgs, active));
}
