use leptos::prelude::*;

use crate::forms::{FormMessage, FormState};

/// A form that is sent with the answer of a device to `question`: what to ask it for. The
/// island [`crate::islands::PasskeyPrompt`], which the page needs once, asks; until it has
/// found that the browser can, there is no such form.
#[component]
pub fn PasskeyForm(
    form: FormState,
    /// The endpoint that says what the device is asked for.
    question: &'static str,
    /// Whether it is to make a passkey, or to use one.
    #[prop(optional)]
    makes: bool,
    /// Where to go afterwards, if the form says so.
    #[prop(optional, into)]
    next: Option<String>,
    /// Fields and button.
    children: Children,
) -> impl IntoView {
    view! {
        <FormMessage form=&form/>
        <form
            class="form"
            method="post"
            action=form.action()
            data-passkey=question
            data-passkey-verb=if makes { "create" } else { "get" }
            hidden
        >
            <input type="hidden" name="credential"/>
            {next.map(|next| view! { <input type="hidden" name="next" value=next/> })}
            {children()}
        </form>
        <noscript>
            <p class="quiet">"Passkeys need JavaScript."</p>
        </noscript>
    }
    .into_any()
}
