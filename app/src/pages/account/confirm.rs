//! `/account/confirm`.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{
    domain::{Provider, SecondFactors},
    routes::{self, api},
};
use orghub_ui::{
    components::{PasskeyForm, ProviderButtons, UserFrame},
    context,
    forms::{self, Field, Flash, FormMessage},
    islands::PasskeyPrompt,
    response,
};

use crate::{pages::render, services::services};

/// Asks again who somebody is, by whichever means they have; `?next=` says where to go
/// afterwards.
#[component]
pub fn ConfirmPage() -> impl IntoView {
    let load = async {
        let user = context::signed_in()?;
        let auth = services().auth.clone();
        let factors = context::timed(auth.second_factors(&user)).await?;
        let found = context::timed(auth.list_user_providers(&user)).await?;
        let connected = found.connected.into_iter();
        let providers: Vec<_> = connected.filter_map(|one| one.provider).collect();
        Ok((user, factors, providers))
    };
    render(load, |(user, factors, providers)| {
        let next = routes::next_in(&response::request_query());
        let flash = Flash::take();
        let forms = forms(&flash, &factors, providers, &next);
        view! {
            <Title text="Confirm that it is you"/>
            <UserFrame user=user.user().clone() flash>
                <div class="narrow">
                    <h1 class="page-title">"Confirm that it is you"</h1>
                    <p class="lead">
                        "What comes next matters, so please prove once more who you are. \
                         You will not be asked for the next ten minutes."
                    </p>
                    {forms}
                    <p><a href=routes::ORGS>"Cancel"</a></p>
                </div>
            </UserFrame>
        }
        .into_any()
    })
}

fn forms(flash: &Flash, factors: &SecondFactors, providers: Vec<Provider>, next: &str) -> AnyView {
    let with_provider = flash.state_of(&forms::OIDC_CONFIRM);
    let password = factors.has_password.then(|| {
        let form = flash.state_of(&forms::CONFIRM);
        view! {
            <FormMessage form=&form/>
            <form class="form" method="post" action=form.action()>
                <input type="hidden" name="next" value=next.to_owned()/>
                <Field
                    form=&form
                    id="password"
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="current-password"
                    max_length=1024
                />
                <div class="form__buttons">
                    <button class="button button--primary">"Continue"</button>
                </div>
            </form>
        }
    });
    let code = factors.required_since.is_some().then(|| {
        let form = flash.state_of(&forms::CONFIRM_WITH_CODE);
        view! {
            <FormMessage form=&form/>
            <form class="form" method="post" action=form.action()>
                <input type="hidden" name="next" value=next.to_owned()/>
                <Field
                    form=&form
                    id="code"
                    name="code"
                    label="Or a code"
                    autocomplete="one-time-code"
                    max_length=64
                    hint="Six digits from your authenticator app, or a recovery code."
                />
                <div class="form__buttons">
                    <button class="button">"Continue with the code"</button>
                </div>
            </form>
        }
    });
    let passkey = (!factors.passkeys.is_empty()).then(|| {
        let form = flash.state_of(&forms::CONFIRM_WITH_PASSKEY);
        view! {
            <PasskeyForm form question=api::BEGIN_PASSKEY_PROOF next=next.to_owned()>
                <div class="form__buttons">
                    <button class="button">"Use a passkey"</button>
                </div>
            </PasskeyForm>
            <PasskeyPrompt/>
        }
    });
    view! {
        {password}
        {code}
        {passkey}
        <FormMessage form=&with_provider/>
        <ProviderButtons
            action=with_provider.action()
            providers
            verb="Confirm"
            next=next.to_owned()
        />
    }
    .into_any()
}
