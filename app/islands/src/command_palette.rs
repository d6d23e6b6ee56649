//! Everything one can go to or do, by typing a part of its name; and keys for what is used
//! most.
//!
//! What the palette offers is what the page has: links and buttons that carry `data-command`.
//! So it knows of nothing that its reader may not see, and the server does not have to say
//! twice what is there. With `data-key` an element also answers to `g` and that letter.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::{ev::KeyboardEvent, prelude::*, wasm_bindgen::JsCast as _};
use orghub_domain::routes::api;
use web_sys::{Element, Event, EventTarget, HtmlDialogElement, HtmlElement, HtmlInputElement};

use crate::{
    ask::{self, lower},
    choices::{Choice, Choices, PAUSE},
    dom::{IN_BROWSER, all, append, closest, find, later, listen},
    questions::Questions,
    recent,
};

/// Organizations in the palette, beside everything else.
const MOST_ORGS: usize = 5;

/// From `g` to the letter.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Where the browser keeps that single keys mean nothing.
const KEYS_ARE_OFF: &str = "orghub-keys-off";

/// Lines of the list of keys that stay.
const SAME_ON_ALL_PAGES: u32 = 2;

/// Hidden until there is a script that answers it.
const OPENER: &str = "[data-opens-palette]";

/// Opens `#palette` with Ctrl+K or ⌘K; `?` opens `#keys`, the list of keys. Never while
/// somebody types, and single keys can be turned off there.
#[island]
pub fn CommandPalette() -> impl IntoView {
    if IN_BROWSER && let Some(palette) = Palette::of_page() {
        palette.listen();
    }
}

struct Palette {
    dialog: HtmlDialogElement,
    help: HtmlDialogElement,
    choices: Rc<Choices>,
    questions: Questions,
    /// What the page has and what the server has found, as far as it has answered.
    commands: RefCell<Vec<Choice>>,
    found: RefCell<Vec<Choice>>,
    waits_for_letter: Cell<bool>,
}

impl Palette {
    fn of_page() -> Option<Rc<Self>> {
        let dialog: HtmlDialogElement = find("#palette")?.dyn_into().ok()?;
        Some(Rc::new(Self {
            help: find("#keys")?.dyn_into().ok()?,
            choices: Choices::of(&dialog)?,
            dialog,
            questions: Questions::default(),
            commands: RefCell::default(),
            found: RefCell::default(),
            waits_for_letter: Cell::new(false),
        }))
    }

    fn listen(self: &Rc<Self>) {
        if let Some(opener) = find(OPENER) {
            opener.set_hidden(false);
        }
        let palette = self.clone();
        self.choices.listen(move |typed| palette.ask(typed, PAUSE));
        let palette = self.clone();
        listen(&window(), "keydown", move |event| {
            if let Ok(event) = event.dyn_into() {
                palette.answer_key(&event);
            }
        });
        let palette = self.clone();
        listen(&window(), "click", move |event| {
            if closest(&event, OPENER).is_some() {
                // Its menu closes; what had the keyboard gets it back from what opened the
                // menu.
                if let Some(button) = find("[popovertarget=user-menu]") {
                    let _focused = button.focus();
                }
                palette.open();
            }
        });
        let palette = self.clone();
        listen(&self.choices.list, "click", move |event| {
            palette.choose(&event);
        });
        listen(&self.help, "change", |event| {
            if let Some(switch) = event.target().and_then(|target| target.dyn_into().ok()) {
                switch_keys(&switch);
            }
        });
    }

    fn open(self: &Rc<Self>) {
        if self.dialog.open() {
            self.dialog.close();
            return;
        }
        if is_busy() {
            return;
        }
        self.choices.field.set_value("");
        self.ask(String::new(), Duration::ZERO);
        // Fails only if the dialog is open already.
        let _open_already = self.dialog.show_modal();
    }

    fn open_help(&self) {
        show_keys(&self.help);
        let _open_already = self.help.show_modal();
    }

    fn ask(self: &Rc<Self>, search: String, pause: Duration) {
        let typed = lower(search.trim());
        self.commands.replace(commands_of_page(&typed));
        // What an earlier question found and this one would not is gone at once: Enter may
        // come before the answer.
        self.found
            .borrow_mut()
            .retain(|choice| !typed.is_empty() && lower(&choice.label).contains(&typed));
        self.show(Some(0));
        let palette = self.clone();
        self.questions.ask(pause, look_up(search), move |found| {
            palette.found.replace(found);
            palette.show(palette.choices.active());
        });
    }

    fn show(&self, active: Option<usize>) {
        let mut all = self.commands.borrow().clone();
        all.extend_from_slice(&self.found.borrow());
        self.choices.show(&all, active);
    }

    /// A link leads where it leads; anything else does what the page's own element does.
    fn choose(&self, event: &Event) {
        let Some(choice) = closest(event, "a") else {
            return;
        };
        self.dialog.close();
        let label = choice.query_selector("bdi").ok().flatten();
        if !choice.has_attribute("href")
            && let Some(label) = label.and_then(|label| label.text_content())
            && let Some(target) = with_command(&label)
        {
            target.click();
        }
    }

    fn answer_key(self: &Rc<Self>, event: &KeyboardEvent) {
        let key = event.key();
        if (event.ctrl_key() || event.meta_key()) && !event.alt_key() && !event.shift_key() {
            if key.eq_ignore_ascii_case("k") {
                event.prevent_default();
                self.open();
            }
            return;
        }
        let is_plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
        if !is_plain || is_typing(event.target()) || is_busy() {
            return;
        }
        let waited = self.waits_for_letter.replace(false);
        if key == "?" {
            // Also where the keys are off: it is where they are turned on.
            event.prevent_default();
            self.open_help();
        } else if waited && let Some(target) = with_key(&key) {
            event.prevent_default();
            target.click();
        } else if key == "g" && !are_keys_off() {
            self.waits_for_letter.set(true);
            let palette = self.clone();
            later(PATIENCE, move || palette.waits_for_letter.set(false));
        }
    }
}

/// Fills in the list of keys, and whether they are on.
fn show_keys(help: &HtmlDialogElement) {
    let part = |selector| help.query_selector(selector).ok().flatten();
    if let Some(lines) = part("dl") {
        while let Some(line) = lines.children().item(SAME_ON_ALL_PAGES) {
            line.remove();
        }
        for (letter, label) in keys_of_page() {
            append_key(&lines, &letter, &label);
        }
    }
    let switch = part("input").and_then(|switch| switch.dyn_into::<HtmlInputElement>().ok());
    if let Some(switch) = switch {
        switch.set_checked(!are_keys_off());
    }
}

/// Nothing happens without a document.
fn append_key(lines: &Element, letter: &str, label: &str) -> Option<()> {
    let line = append(lines, "div")?;
    line.set_class_name("keys__key");
    append(&line, "dt")?.set_text_content(Some(label));
    let keys = append(&line, "dd")?;
    append(&keys, "kbd")?.set_text_content(Some("g"));
    keys.append_with_str_1(" ").ok()?;
    append(&keys, "kbd")?.set_text_content(Some(letter));
    Some(())
}

fn switch_keys(switch: &HtmlInputElement) {
    if let Some(storage) = recent::storage() {
        // Refused if the storage is full or off: then the keys stay on.
        let _kept = if switch.checked() {
            storage.remove_item(KEYS_ARE_OFF)
        } else {
            storage.set_item(KEYS_ARE_OFF, "1")
        };
    }
}

/// Organizations and members whose names have the search in them.
async fn look_up(search: String) -> Vec<Choice> {
    // What does not answer has nothing to offer: the rest still works.
    let parameters = [("q", &*search), ("recent", &recent::slugs())];
    let orgs = ask::links(api::MY_ORGS, &parameters).await;
    let orgs = orgs.into_iter().take(MOST_ORGS);
    let mut found: Vec<Choice> = orgs
        .map(|org| Choice {
            detail: "Organization".to_owned(),
            ..org
        })
        .collect();
    // One letter finds half of everybody.
    let is_search = search.trim().chars().nth(1).is_some();
    if let Some(org) = recent::current_org().filter(|_| is_search) {
        let parameters = [("org", &*org), ("q", &*search)];
        let members = ask::links(api::FIND_MEMBERS, &parameters).await;
        found.extend(members);
    }
    found
}

/// The page's own commands that have `typed`, in lower case, in their names.
fn commands_of_page(typed: &str) -> Vec<Choice> {
    let choice = |element: Element| {
        let label = element.get_attribute("data-command")?;
        lower(&label).contains(typed).then(|| Choice {
            detail: element
                .get_attribute("data-key")
                .map(|letter| format!("g {letter}"))
                .unwrap_or_default(),
            href: None,
            label,
        })
    };
    all("[data-command]")
        .into_iter()
        .filter_map(choice)
        .collect()
}

/// The letters that follow `g` on this page, and what they open.
fn keys_of_page() -> Vec<(String, String)> {
    let key = |element: Element| {
        let letter = element.get_attribute("data-key")?;
        Some((letter, element.get_attribute("data-command")?))
    };
    all("[data-key]").into_iter().filter_map(key).collect()
}

fn with_command(label: &str) -> Option<HtmlElement> {
    let elements = all("[data-command]").into_iter();
    let mut named =
        elements.filter(|element| element.get_attribute("data-command").as_deref() == Some(label));
    named.next()?.dyn_into().ok()
}

fn with_key(letter: &str) -> Option<HtmlElement> {
    let elements = all("[data-key]").into_iter();
    let mut keyed =
        elements.filter(|element| element.get_attribute("data-key").as_deref() == Some(letter));
    keyed.next()?.dyn_into().ok()
}

/// Whether a dialog is open, this one included: keys are its own then.
fn is_busy() -> bool {
    find("dialog[open]").is_some()
}

/// Whether the key goes into a field. A box to tick takes no letters; and the one among the keys
/// keeps the keyboard until the browser draws the page again after they were closed.
fn is_typing(target: Option<EventTarget>) -> bool {
    let element: Option<Element> = target.and_then(|target| target.dyn_into().ok());
    element.is_some_and(|element| {
        element
            .closest("input:not([type=checkbox]), textarea, select, [contenteditable]")
            .is_ok_and(|field| field.is_some())
    })
}

fn are_keys_off() -> bool {
    recent::storage().is_some_and(|storage| {
        storage
            .get_item(KEYS_ARE_OFF)
            .is_ok_and(|found| found.is_some())
    })
}
