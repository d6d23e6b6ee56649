//! `/sign-in`.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::routes::{self, api};
use orghub_ui::{
    components::{PasskeyForm, ProviderButtons, PublicFrame},
    context,
    forms::{self, Field, Flash, FormMessage},
    islands::PasskeyPrompt,
    response,
};

use crate::services::services;

/// E-mail and password, or a provider of sign-in; `?next=` says where to go afterwards. Whoever is signed in already
/// goes there at once.
#[component]
pub fn SignInPage() -> impl IntoView {
    let query = response::request_query();
    let (next, email) = (routes::next_in(&query), routes::email_in(&query));
    if context::current_user().is_some() {
        response::see_other(routes::safe_next(&next));
        return ().into_any();
    }
    let sign_up = match email.as_str() {
        "" => routes::sign_up_then(&next),
        email => routes::sign_up_as(email, &next),
    };
    let flash = Flash::take();
    let form = flash.state_of(&forms::SIGN_IN);
    let with_provider = flash.state_of(&forms::OIDC_START);
    let providers = services().auth.list_providers();
    let by_passkey = flash.state_of(&forms::SIGN_IN_WITH_PASSKEY);
    // The second step, if it came to nothing, leads back to the first.
    let second_step = [&forms::COMPLETE_WITH_CODE, &forms::COMPLETE_WITH_PASSKEY].map(|form| {
        let form = flash.state_of(form);
        view! { <FormMessage form=&form/> }
    });
    let passkey = services().auth.offers_passkeys().then(|| {
        view! {
            <PasskeyForm form=by_passkey question=api::BEGIN_PASSKEY_SIGN_IN next=next.clone()>
                <button class="button button--wide">"Sign in with a passkey"</button>
            </PasskeyForm>
            <PasskeyPrompt/>
        }
    });
    view! {
        <Title text="Sign in"/>
        <PublicFrame flash>
            <div class="narrow">
                <h1 class="page-title">"Sign in"</h1>
                {second_step}
                <FormMessage form=&form/>
                <FormMessage form=&with_provider/>
                <form class="form" method="post" action=form.action()>
                    <input type="hidden" name="next" value=next.clone()/>
                    <Field
                        form=&form
                        id="email"
                        name="email"
                        label="E-mail"
                        kind="email"
                        value=&email
                        autocomplete="username"
                    />
                    <Field
                        form=&form
                        id="password"
                        name="password"
                        label="Password"
                        kind="password"
                        autocomplete="current-password"
                        max_length=1024
                    />
                    <button class="button button--primary button--wide">"Sign in"</button>
                </form>
                {passkey}
                <ProviderButtons action=with_provider.action() providers verb="Sign in" next/>
                <p class="form__aside">
                    <a href=routes::FORGOT_PASSWORD>"Forgot your password?"</a>
                </p>
                <p class="form__aside">
                    "No account yet? " <a href=sign_up>"Create one"</a>
                </p>
            </div>
        </PublicFrame>
    }
    .into_any()
}
