use leptos::prelude::*;
use orghub_ui::{
    components::Card,
    forms::{self, Field, FormMessage},
};

use crate::pages::account::AccountRequest;

/// Changes the password of whoever knows the one they have.
pub fn card(request: &AccountRequest) -> AnyView {
    let form = request.flash.state_of(&forms::CHANGE_PASSWORD);
    let email = request.user.email.to_string();
    view! {
        <Card id="password-title" title="Password">
            <FormMessage form=&form/>
            <form class="form" method="post" action=form.action()>
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
                    id="current"
                    name="current"
                    label="Current password"
                    kind="password"
                    autocomplete="current-password"
                    max_length=1024
                />
                <Field
                    form=&form
                    id="password"
                    name="password"
                    label="New password"
                    kind="password"
                    autocomplete="new-password"
                    hint="At least 8 characters. All other browsers are signed out."
                />
                <div class="form__buttons">
                    <button class="button button--primary">"Change password"</button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}
