//! `/sign-in`.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::routes;

use crate::{
    components::PublicFrame,
    context,
    forms::{self, Field, Flash, FormMessage},
    response,
};

/// E-mail and password; `?next=` says where to go afterwards. Whoever is signed in already
/// goes there at once.
#[component]
pub fn SignInPage() -> impl IntoView {
    let next = routes::next_in(&response::request_query());
    if context::current_user().is_some() {
        response::see_other(routes::safe_next(&next));
        return ().into_any();
    }
    let flash = Flash::take();
    let form = flash.state_of(&forms::SIGN_IN);
    view! {
        <Title text="Sign in"/>
        <PublicFrame flash>
            <div class="narrow">
                <h1 class="page-title">"Sign in"</h1>
                <FormMessage form=&form/>
                <form class="form" method="post" action=form.action()>
                    <input type="hidden" name="next" value=next/>
                    <Field
                        form=&form
                        id="email"
                        name="email"
                        label="E-mail"
                        kind="email"
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
            </div>
        </PublicFrame>
    }
    .into_any()
}
