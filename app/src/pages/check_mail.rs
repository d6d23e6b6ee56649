//! `/check-mail`: after something was mailed.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::routes;
use orghub_ui::{components::PublicFrame, forms::Flash};

/// The notice above says what was mailed and to whom; this, what to do if it does not come.
#[component]
pub fn CheckMailPage() -> impl IntoView {
    view! {
        <Title text="Check your mail"/>
        <PublicFrame flash=Flash::take()>
            <div class="narrow">
                <h1 class="page-title">"Check your mail"</h1>
                <p class="lead">
                    "It can take a minute to arrive. You can close this page."
                </p>
                <h2 class="section-title">"Nothing there?"</h2>
                <ul class="list">
                    <li>"Look into the folder for spam."</li>
                    <li>
                        "Was there a typing mistake in the address? "
                        <a href=routes::SIGN_UP>"Sign up again"</a> " with the right one."
                    </li>
                    <li>
                        "Did you use another address? "
                        <a href=routes::FORGOT_PASSWORD>"Try that one"</a> "."
                    </li>
                </ul>
            </div>
        </PublicFrame>
    }
}
