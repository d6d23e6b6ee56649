use leptos::prelude::*;
use leptos_meta::Title;
use orghub::{domain::ProviderProblem, routes};
use orghub_ui::{
    components::PublicFrame,
    context,
    error::AppError,
    forms::{self, Field, Flash, FormMessage},
};

use super::render;
use crate::services::services;

/// Asks for the password of the account that has the address which the provider vouches for.
#[component]
pub fn ConnectPage() -> impl IntoView {
    render(
        |provider| async move {
            let session = context::session()?;
            let auth = services().auth.clone();
            let email = auth
                .find_pending_connection(&session, &provider.name)
                .await?;
            email.ok_or(AppError::Provider(ProviderProblem::NotBegun))
        },
        |provider, email| {
            let flash = Flash::take();
            let form = flash.state_of(&forms::OIDC_CONNECT_BY_PASSWORD);
            let (label, name) = (provider.label, provider.name.to_string());
            let title = format!("Connect {label}");
            let email = email.to_string();
            view! {
                <Title text=title.clone()/>
                <PublicFrame flash>
                    <div class="narrow">
                        <h1 class="page-title">{title}</h1>
                        <p class="lead">
                            "There is an account with the address "
                            <bdi>{email.clone()}</bdi>
                            " already. Type its password once, and from then on "
                            {label} " signs you in to it."
                        </p>
                        <FormMessage form=&form/>
                        <form class="form" method="post" action=form.action()>
                            <input type="hidden" name="provider" value=name/>
                            <input
                                class="visually-hidden"
                                type="email"
                                name="username"
                                value=email
                                autocomplete="username"
                                tabindex="-1"
                                aria-hidden="true"
                                readonly
                            />
                            <Field
                                form=&form
                                id="password"
                                name="password"
                                label="Password"
                                kind="password"
                                autocomplete="current-password"
                                max_length=1024
                                hint="Without one, sign in as you usually do, and connect it \
                                      on your account's security page."
                            />
                            <div class="form__buttons">
                                <button class="button button--primary">"Connect"</button>
                                <a class="button button--quiet" href=routes::SIGN_IN>"Cancel"</a>
                            </div>
                        </form>
                    </div>
                </PublicFrame>
            }
            .into_any()
        },
    )
}
