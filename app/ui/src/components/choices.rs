use leptos::prelude::*;

/// A field for what is chosen by typing. The island that puts choices below it finds it by its
/// role.
#[component]
pub fn ChoiceField(
    class: &'static str,
    label: &'static str,
    placeholder: &'static str,
    /// Where a form sends what was typed.
    #[prop(optional)]
    name: Option<&'static str>,
) -> impl IntoView {
    view! {
        <input
            class=class
            name=name
            type="text"
            dir="auto"
            role="combobox"
            aria-label=label
            aria-autocomplete="list"
            aria-expanded="false"
            placeholder=placeholder
            maxlength="100"
            autocomplete="off"
            spellcheck="false"
            autofocus=true
        />
    }
}

/// Where the choices go. While there are none it is no list.
#[component]
pub fn ChoiceList(
    id: &'static str,
    /// What the list is called.
    label: &'static str,
    class: &'static str,
    /// Of each choice.
    choice_class: &'static str,
) -> impl IntoView {
    view! { <div class=class id=id data-choices=label data-choice-class=choice_class></div> }
}
