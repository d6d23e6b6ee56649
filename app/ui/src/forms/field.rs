use leptos::prelude::*;

use super::FormState;
use crate::components::ProblemMessage;

/// A text field with its label, its hint, and the message about it. After a form that was
/// refused it shows what was typed.
#[component]
pub fn Field<'a>(
    form: &'a FormState,
    /// Unique on the page.
    id: &'static str,
    /// One of the form's `fields`.
    name: &'static str,
    label: &'static str,
    /// `text`, `email` or `password`. Passwords are never filled in.
    #[prop(default = "text")]
    kind: &'static str,
    /// What it holds in a fresh form.
    #[prop(optional)]
    value: &'a str,
    /// Whether a browser sends the form without it.
    #[prop(optional)]
    optional: bool,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(default = 254)] max_length: u32,
    /// Fixed text before the input, such as the address that a slug completes.
    #[prop(optional)]
    prefix: &'static str,
    /// What to know before typing.
    #[prop(optional)]
    hint: &'static str,
    /// What else stands below the input.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView + use<> {
    debug_assert!(
        form.has_field(name),
        "{name} is not in the form's list of fields"
    );
    let typed = form.typed(name).filter(|_| kind != "password");
    let value = typed.unwrap_or(value).to_owned();
    let error = form.message_at(name).map(str::to_owned);
    let [hint_id, error_id] = ["hint", "error"].map(|part| format!("{id}-{part}"));
    let described_by = [(!hint.is_empty(), &hint_id), (error.is_some(), &error_id)]
        .into_iter()
        .filter(|(is_there, _)| *is_there)
        .map(|(_, id)| id.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    let prefix_view = (!prefix.is_empty())
        .then(|| view! { <span class="field__prefix" aria-hidden="true">{prefix}</span> });

    view! {
        <div class="field">
            <label class="field__label" for=id>{label}</label>
            <div class="field__input">
                {prefix_view}
                <input
                    class="input"
                    id=id
                    name=name
                    type=kind
                    value=value
                    dir=(kind == "text" && prefix.is_empty()).then_some("auto")
                    required=!optional
                    maxlength=max_length.to_string()
                    autocomplete=autocomplete
                    autocapitalize=(kind == "email" || !prefix.is_empty()).then_some("none")
                    spellcheck=(!prefix.is_empty()).then_some("false")
                    aria-invalid=error.is_some().then_some("true")
                    aria-describedby=(!described_by.is_empty()).then_some(described_by)
                />
            </div>
            {(!hint.is_empty()).then(|| view! { <p class="field__hint" id=hint_id>{hint}</p> })}
            {error
                .map(|text| view! { <p class="field__error" id=error_id role="alert">{text}</p> })}
            {children.map(|children| children())}
        </div>
    }
    .into_any()
}

/// A text field for several lines, as [`Field`] is for one.
#[component]
pub fn TextArea<'a>(
    form: &'a FormState,
    /// Unique on the page.
    id: &'static str,
    /// One of the form's `fields`.
    name: &'static str,
    label: &'static str,
    /// What it holds unless the form was refused with something else in it.
    #[prop(optional)]
    value: &'a str,
    /// Whether a browser sends the form without it.
    #[prop(optional)]
    optional: bool,
    rows: u32,
    max_length: usize,
    #[prop(optional)] spellcheck: Option<&'static str>,
    /// What to know before typing.
    hint: &'static str,
) -> impl IntoView + use<> {
    debug_assert!(
        form.has_field(name),
        "{name} is not in the form's list of fields"
    );
    // Leptos writes what is in a text area as it is.
    let value = html_escape::encode_text(form.typed(name).unwrap_or(value)).into_owned();
    let error = form.message_at(name).map(str::to_owned);
    let [hint_id, error_id] = ["hint", "error"].map(|part| format!("{id}-{part}"));
    let described_by = match error {
        Some(_) => format!("{hint_id} {error_id}"),
        None => hint_id.clone(),
    };

    view! {
        <div class="field">
            <label class="field__label" for=id>{label}</label>
            <textarea
                class="input input--text"
                id=id
                name=name
                rows=rows.to_string()
                maxlength=max_length.to_string()
                required=!optional
                dir="auto"
                spellcheck=spellcheck
                autocomplete="off"
                aria-invalid=error.is_some().then_some("true")
                aria-describedby=described_by
            >
                {value}
            </textarea>
            <p class="field__hint" id=hint_id>{hint}</p>
            {error
                .map(|text| view! { <p class="field__error" id=error_id role="alert">{text}</p> })}
        </div>
    }
    .into_any()
}

/// The message about the form as a whole, if there is one.
#[component]
pub fn FormMessage<'a>(form: &'a FormState) -> impl IntoView + use<> {
    form.message()
        .map(|text| view! { <ProblemMessage text=text.to_owned()/> })
}
