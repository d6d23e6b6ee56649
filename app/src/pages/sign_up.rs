//! `/sign-up`.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::routes;
use orghub_ui::{
    components::PublicFrame,
    context,
    forms::{self, Field, Flash, FormMessage},
    response,
};

/// Name, e-mail and password; `?next=` says where to go once the address is verified.
#[component]
pub fn SignUpPage() -> impl IntoView {
    let query = response::request_query();
    let (next, email) = (routes::next_in(&query), routes::email_in(&query));
    if context::current_user().is_some() {
        response::see_other(routes::safe_next(&next));
        return ().into_any();
    }
    let flash = Flash::take();
    let form = flash.state_of(&forms::SIGN_UP);
    let sign_in = match (next.as_str(), email.as_str()) {
        ("", _) => routes::SIGN_IN.to_owned(),
        (next, "") => routes::sign_in_then(next),
        (next, email) => routes::sign_in_as(email, next),
    };
    view! {
        <Title text="Create an account"/>
        <PublicFrame flash>
            <div class="narrow">
                <h1 class="page-title">"Create an account"</h1>
                <FormMessage form=&form/>
                <form class="form" method="post" action=form.action()>
                    <input type="hidden" name="next" value=next/>
                    <Field
                        form=&form
                        id="name"
                        name="name"
                        label="Your name"
                        autocomplete="name"
                        max_length=100
                    />
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
                        autocomplete="new-password"
                        hint="At least 8 characters. A few words in a row are easy to remember \
                              and hard to guess."
                    />
                    <button class="button button--primary button--wide">"Create account"</button>
                </form>
                <p class="form__aside">
                    "Do you have an account? " <a href=sign_in>"Sign in"</a>
                </p>
            </div>
        </PublicFrame>
    }
    .into_any()
}
