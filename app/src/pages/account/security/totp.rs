//! `/account/security/totp`.

use leptos::prelude::*;
use orghub::{
    domain::{SecondFactors, TotpSetUp},
    routes::AccountPage,
};
use orghub_ui::{
    components::{Day, QrCode},
    context::SignedIn,
    error::AppError,
    forms::{self, Field, FormMessage},
};

use crate::pages::account::{AccountRequest, render_titled};

use crate::services::services;

/// Where setting up an authenticator app stands.
struct Data {
    factors: SecondFactors,
    being_set_up: Option<TotpSetUp>,
}

/// Looking at the secret asks for a fresh proof, and so does all that can be done here.
async fn load(user: SignedIn) -> Result<Data, AppError> {
    let auth = services().auth.clone();
    Ok(Data {
        being_set_up: auth.totp_set_up(&user).await?,
        factors: auth.second_factors(&user).await?,
    })
}

/// Sets an authenticator app up, or turns it off.
#[component]
pub fn TotpPage() -> impl IntoView {
    render_titled("Authenticator app", AccountPage::Security, load, show)
}

fn show(request: &AccountRequest, data: Data) -> AnyView {
    let content = match (data.factors.totp_since, data.being_set_up) {
        (Some(since), _) => {
            let form = request.flash.state_of(&forms::TURN_OFF_TOTP);
            view! {
                <p>"Your app is on since " <Day at=since/> "."</p>
                <FormMessage form=&form/>
                <form
                    method="post"
                    action=form.action()
                    data-confirm="Turn the authenticator app off?"
                    data-confirm-detail="Its codes do not work any more. Without a passkey, \
                                         whoever knows your password can sign in then."
                    data-confirm-verb="Turn off"
                >
                    <button class="button button--danger-quiet">"Turn the app off"</button>
                </form>
            }
            .into_any()
        }
        (None, Some(set_up)) => setting_up(request, set_up),
        (None, None) => {
            let form = request.flash.state_of(&forms::BEGIN_TOTP);
            view! {
                <p>
                    "An authenticator app on your phone shows a new code every 30 seconds. \
                     Signing in then takes your password and a code."
                </p>
                <FormMessage form=&form/>
                <form method="post" action=form.action()>
                    <button class="button button--primary">"Set up an app"</button>
                </form>
            }
            .into_any()
        }
    };
    view! {
        <div class="page-head"><h1 class="page-title">"Authenticator app"</h1></div>
        <section class="card" aria-label="Authenticator app">
            <div class="card__body">{content}</div>
        </section>
        <p><a href=AccountPage::Security.path()>"Back to security"</a></p>
    }
    .into_any()
}

fn setting_up(request: &AccountRequest, set_up: TotpSetUp) -> AnyView {
    let form = request.flash.state_of(&forms::TURN_ON_TOTP);
    let again = request.flash.state_of(&forms::BEGIN_TOTP);
    view! {
        <p>"Scan this with your app, or type the key into it."</p>
        <QrCode text=set_up.address label="The key as a QR code"/>
        <p>"Key: " <code class="secret">{in_pieces(&set_up.secret)}</code></p>
        <FormMessage form=&again/>
        <FormMessage form=&form/>
        <form class="form" method="post" action=form.action()>
            <Field
                form=&form
                id="code"
                name="code"
                label="Code"
                autocomplete="one-time-code"
                max_length=16
                hint="Six digits that the app shows now."
            />
            <div class="form__buttons">
                <button class="button button--primary">"Turn on"</button>
                <a class="button button--quiet" href=AccountPage::Security.path()>"Cancel"</a>
            </div>
        </form>
        <form method="post" action=again.action()>
            <button class="button button--quiet">"Make another key"</button>
        </form>
    }
    .into_any()
}

/// With spaces that make it easier to type.
fn in_pieces(secret: &str) -> String {
    let characters: Vec<char> = secret.chars().collect();
    let pieces: Vec<String> = characters.chunks(4).map(String::from_iter).collect();
    pieces.join(" ")
}
