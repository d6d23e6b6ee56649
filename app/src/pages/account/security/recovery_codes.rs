//! `/account/security/recovery-codes`.

use leptos::prelude::*;
use orghub::{
    domain::{RECOVERY_CODES, SecondFactors},
    routes::AccountPage,
};
use orghub_ui::{
    context::SignedIn,
    error::AppError,
    forms::{self, FormMessage},
};

use crate::pages::account::{AccountRequest, render_titled};

use crate::services::services;

struct Data {
    factors: SecondFactors,
    /// Those that this session made a moment ago.
    new: Vec<String>,
}

/// Looking at them asks for a fresh proof.
async fn load(user: SignedIn) -> Result<Data, AppError> {
    let auth = services().auth.clone();
    Ok(Data {
        new: auth.new_recovery_codes(&user).await?,
        factors: auth.second_factors(&user).await?,
    })
}

/// New recovery codes, once, and making them anew.
#[component]
pub fn RecoveryCodesPage() -> impl IntoView {
    render_titled("Recovery codes", AccountPage::Security, load, show)
}

fn show(request: &AccountRequest, data: Data) -> AnyView {
    let make = request.flash.state_of(&forms::MAKE_RECOVERY_CODES);
    let content = if !data.new.is_empty() {
        new_codes(data.new)
    } else if data.factors.required_since.is_none() {
        view! { <p>"They come with a second step at sign-in, which is off."</p> }.into_any()
    } else {
        let left = data.factors.recovery_codes;
        view! {
            <p>
                {format!("{left} of {RECOVERY_CODES} codes are left. Each signs you in once, \
                          when you have neither your app nor a passkey.")}
            </p>
            <form
                method="post"
                action=make.action()
                data-confirm="Make new codes?"
                data-confirm-detail="The codes you have do not work any more then."
                data-confirm-verb="Make new codes"
            >
                <button class="button">"Make new codes"</button>
            </form>
        }
        .into_any()
    };
    view! {
        <div class="page-head"><h1 class="page-title">"Recovery codes"</h1></div>
        <section class="card" aria-label="Recovery codes">
            <div class="card__body">
                <FormMessage form=&make/>
                {content}
            </div>
        </section>
        <p><a href=AccountPage::Security.path()>"Back to security"</a></p>
    }
    .into_any()
}

fn new_codes(codes: Vec<String>) -> AnyView {
    let codes = codes
        .into_iter()
        .map(|code| view! { <li><code class="secret">{code}</code></li> })
        .collect_view();
    view! {
        <p>
            "Keep these codes where you find them without your phone. Each signs you in once. \
             They are shown here for ten minutes, and never again."
        </p>
        <ol class="codes">{codes}</ol>
        <form method="post" action=forms::HIDE_RECOVERY_CODES.action>
            <button class="button button--primary">"I have saved them"</button>
        </form>
    }
    .into_any()
}
