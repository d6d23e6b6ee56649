//! A field and the choices below it, as the combobox pattern of WAI-ARIA has it: the keyboard
//! stays in the field, whose `aria-activedescendant` names the choice that Enter takes.
//!
//! The field, the list and the line that counts for those who cannot see stand in the document
//! (`components::choices` of the application); the choices are put there.

use std::{cell::Cell, rc::Rc, time::Duration};

use leptos::wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, KeyboardEvent};

use crate::dom::{append, listen, set};

/// How long a pause in typing ends a word.
pub(crate) const PAUSE: Duration = Duration::from_millis(200);

/// Something that can be chosen.
#[derive(Clone)]
pub(crate) struct Choice {
    pub(crate) label: String,
    /// What tells it from others.
    pub(crate) detail: String,
    /// Where it leads; `None`: whoever asked knows what it does.
    pub(crate) href: Option<String>,
}

/// Which of `count` choices is active after the key: arrows go around. `None`: another key.
fn moved(active: Option<usize>, count: usize, key: &str) -> Option<usize> {
    match (key, active) {
        _ if count == 0 => None,
        ("ArrowDown", Some(index)) => Some((index + 1) % count),
        ("ArrowDown", None) => Some(0),
        ("ArrowUp", Some(index)) if index > 0 => Some(index - 1),
        ("ArrowUp", _) => Some(count - 1),
        _ => None,
    }
}

/// A field with choices below it.
pub(crate) struct Choices {
    pub(crate) field: HtmlInputElement,
    pub(crate) list: HtmlElement,
    status: Element,
    active: Cell<Option<usize>>,
}

impl Choices {
    /// Those in `root`.
    pub(crate) fn of(root: &Element) -> Option<Rc<Self>> {
        let part = |selector| root.query_selector(selector).ok().flatten();
        Some(Rc::new(Self {
            field: part("[role=combobox]")?.dyn_into().ok()?,
            list: part("[data-choices]")?.dyn_into().ok()?,
            status: part("[role=status]")?,
            active: Cell::new(None),
        }))
    }

    /// Answers keys, and tells `typed` what is in the field whenever that changes.
    pub(crate) fn listen(self: &Rc<Self>, typed: impl Fn(String) + 'static) {
        let choices = self.clone();
        listen(&self.field, "input", move |_| typed(choices.field.value()));
        let choices = self.clone();
        listen(&self.field, "keydown", move |event| {
            choices.answer_key(&event);
        });
    }

    /// Shows these choices and no others.
    pub(crate) fn show(&self, choices: &[Choice], active: Option<usize>) {
        self.list.set_text_content(None);
        for (index, choice) in choices.iter().enumerate() {
            self.append(index, choice);
        }
        let has_some = !choices.is_empty();
        let list_id = self.list.id();
        let label = self.list.get_attribute("data-choices");
        set(&self.list, "role", has_some.then_some("listbox"));
        set(
            &self.list,
            "aria-label",
            label.as_deref().filter(|_| has_some),
        );
        set(
            &self.field,
            "aria-expanded",
            Some(if has_some { "true" } else { "false" }),
        );
        set(
            &self.field,
            "aria-controls",
            has_some.then_some(list_id.as_str()),
        );
        self.activate(active);
        self.status.set_text_content(Some(&in_words(choices.len())));
    }

    /// Makes the choice the one that Enter takes, as soon as there are so many.
    pub(crate) fn activate(&self, active: Option<usize>) {
        let choices = self.list.children();
        self.active.set(active);
        for index in 0..self.count() {
            if let Some(choice) = choices.item(index as u32) {
                let is_active = active == Some(index);
                set(
                    &choice,
                    "aria-selected",
                    Some(if is_active { "true" } else { "false" }),
                );
            }
        }
        let id = self.active_choice().map(|choice| choice.id());
        set(&self.field, "aria-activedescendant", id.as_deref());
    }

    /// The one that Enter takes.
    pub(crate) fn active(&self) -> Option<usize> {
        self.active.get()
    }

    fn append(&self, index: usize, choice: &Choice) {
        let (Some(line), list_id) = (append(&self.list, "a"), self.list.id()) else {
            return;
        };
        let class = self.list.get_attribute("data-choice-class");
        set(&line, "class", class.as_deref());
        set(&line, "id", Some(&format!("{list_id}-{index}")));
        set(&line, "role", Some("option"));
        set(&line, "tabindex", Some("-1"));
        set(&line, "href", choice.href.as_deref());
        // What people write may run from right to left.
        if let Some(label) = append(&line, "bdi") {
            label.set_text_content(Some(&choice.label));
        }
        if !choice.detail.is_empty()
            && let Some(detail) = append(&line, "span")
        {
            set(&detail, "class", Some("palette__detail"));
            if let Some(text) = append(&detail, "bdi") {
                text.set_text_content(Some(&choice.detail));
            }
        }
    }

    fn count(&self) -> usize {
        self.list.children().length() as usize
    }

    fn active_choice(&self) -> Option<HtmlElement> {
        let index = self.active.get()?;
        let choice = self.list.children().item(index as u32)?;
        choice.dyn_into().ok()
    }

    /// Arrows move, Enter takes the active choice.
    fn answer_key(&self, event: &Event) {
        let Some(key) = event.dyn_ref().map(KeyboardEvent::key) else {
            return;
        };
        let count = self.count();
        let active = self.active.get().filter(|index| *index < count);
        if let Some(next) = moved(active, count, &key) {
            event.prevent_default();
            self.activate(Some(next));
            if let Some(choice) = self.active_choice() {
                choice.scroll_into_view_with_bool(false);
            }
        } else if key == "Enter"
            && let Some(choice) = self.active_choice()
        {
            event.prevent_default();
            choice.click();
        }
    }
}

/// How many choices there are, in words, for those who cannot see them.
fn in_words(count: usize) -> String {
    match count {
        0 => "Nothing found".to_owned(),
        1 => "1 choice".to_owned(),
        many => format!("{many} choices"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_go_around() {
        assert_eq!(moved(None, 3, "ArrowDown"), Some(0));
        assert_eq!(moved(None, 3, "ArrowUp"), Some(2));
        assert_eq!(moved(Some(2), 3, "ArrowDown"), Some(0));
        assert_eq!(moved(Some(0), 3, "ArrowUp"), Some(2));
        assert_eq!(moved(Some(1), 3, "ArrowUp"), Some(0));
        assert_eq!(moved(None, 0, "ArrowDown"), None);
        assert_eq!(moved(Some(1), 3, "a"), None);
    }
}
