//! A form's field: label, input, hint, and the message that belongs to it.

use leptos::prelude::*;

use crate::flash::Problem;

/// A text field. After a form that failed it shows what was typed and, where the
/// problem is its own, the message.
#[component]
pub fn Field<'a>(
    /// The input's id, unique on the page.
    id: &'static str,
    /// Its name in the form.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// `text`, `email`, `password`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What it holds at first.
    #[prop(optional)]
    value: &'a str,
    /// What browsers may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Most characters it takes.
    #[prop(default = 254)]
    max_length: u32,
    /// Fixed text before the input, such as the address a slug completes.
    #[prop(optional)]
    prefix: &'static str,
    /// What to know before typing.
    #[prop(optional)]
    hint: &'static str,
    /// What became of the form when it was sent last.
    problem: Option<&'a Problem>,
    /// What else stands below the input.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let is_secret = kind == "password";
    let value = problem
        .and_then(|problem| problem.typed(name))
        .filter(|_| !is_secret)
        .unwrap_or(value)
        .to_owned();
    let error = problem
        .and_then(|problem| problem.at(name))
        .map(str::to_owned);
    let [hint_id, error_id] = ["hint", "error"].map(|part| format!("{id}-{part}"));
    let described_by = [(!hint.is_empty(), &hint_id), (error.is_some(), &error_id)]
        .into_iter()
        .filter(|(stands, _)| *stands)
        .map(|(_, id)| id.as_str())
        .collect::<Vec<_>>()
        .join(" ");

    view! {
        <div class="field">
            <label class="field__label" for=id>{label}</label>
            <div class="field__input">
                {(!prefix.is_empty()).then(|| view! { <span class="field__prefix" aria-hidden="true">{prefix}</span> })}
                <input
                    class="input"
                    id=id
                    name=name
                    type=kind
                    value=value
                    required
                    maxlength=max_length.to_string()
                    autocomplete=autocomplete
                    autocapitalize=(kind == "email" || !prefix.is_empty()).then_some("none")
                    spellcheck=(!prefix.is_empty()).then_some("false")
                    aria-invalid=error.is_some().then_some("true")
                    aria-describedby=(!described_by.is_empty()).then_some(described_by)
                />
            </div>
            {(!hint.is_empty()).then(|| view! { <p class="field__hint" id=hint_id>{hint}</p> })}
            {error.map(|message| view! { <p class="field__error" id=error_id role="alert">{message}</p> })}
            {children.map(|children| children())}
        </div>
    }
    .into_any()
}
