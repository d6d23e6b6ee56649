//! `/forgot-password`.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::routes;
use orghub_ui::{
    components::PublicFrame,
    forms::{self, Field, Flash, FormMessage},
};

/// Asks for the address that the link is mailed to.
#[component]
pub fn ForgotPasswordPage() -> impl IntoView {
    let flash = Flash::take();
    let form = flash.state_of(&forms::FORGOT_PASSWORD);
    view! {
        <Title text="Set a new password"/>
        <PublicFrame flash>
            <div class="narrow">
                <h1 class="page-title">"Set a new password"</h1>
                <p class="lead">
                    "Type the address of your account, and we mail you a link that sets a new \
                     password."
                </p>
                <FormMessage form=&form/>
                <form class="form" method="post" action=form.action()>
                    <Field
                        form=&form
                        id="email"
                        name="email"
                        label="E-mail"
                        kind="email"
                        autocomplete="username"
                    />
                    <button class="button button--primary button--wide">"Mail me a link"</button>
                </form>
                <p class="form__aside">
                    "Do you remember it? " <a href=routes::SIGN_IN>"Sign in"</a>
                </p>
            </div>
        </PublicFrame>
    }
}
