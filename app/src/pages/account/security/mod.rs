//! `/account/security`: how one gets in, and who is in.
//!
//! To add a card: a file here, what it loads in [`Data`], and its place in the page.

mod passkeys;
mod password;
mod providers;
mod recovery_codes;
mod second_factor;
mod sessions;
mod totp;

use leptos::prelude::*;
use orghub::{
    domain::{OwnSession, SecondFactors, UserProviders},
    routes::AccountPage,
};
use orghub_ui::{context::SignedIn, error::AppError};

use super::{AccountRequest, render_account};

pub use recovery_codes::RecoveryCodesPage;
pub use totp::TotpPage;

use crate::services::services;

/// What the cards show.
struct Data {
    factors: SecondFactors,
    offers_passkeys: bool,
    providers: UserProviders,
    sessions: Vec<OwnSession>,
}

async fn load(user: SignedIn) -> Result<Data, AppError> {
    let auth = services().auth.clone();
    Ok(Data {
        factors: auth.second_factors(&user).await?,
        offers_passkeys: auth.offers_passkeys(),
        providers: auth.list_user_providers(&user).await?,
        sessions: auth.list_sessions(&user).await?,
    })
}

/// Password, second factors, providers of sign-in, sessions.
#[component]
pub fn SecurityPage() -> impl IntoView {
    render_account(AccountPage::Security, load, show)
}

fn show(request: &AccountRequest, data: Data) -> AnyView {
    let passkeys = data
        .offers_passkeys
        .then(|| passkeys::card(request, &data.factors));
    view! {
        <div class="page-head"><h1 class="page-title">"Security"</h1></div>
        {password::card(request)}
        {second_factor::card(request, &data.factors)}
        {passkeys}
        {providers::card(request, data.providers)}
        {sessions::card(request, data.sessions)}
    }
    .into_any()
}
