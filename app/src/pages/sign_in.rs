//! `/sign-in`.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::routes;

use crate::{
    components::{Field, ProblemMessage, PublicLayout},
    context,
    flash::{Flash, FormName},
    response,
};

/// E-mail and password; `?next=` (a path of ours) says where to go on. Who is
/// signed in already goes on at once.
#[component]
pub fn SignInPage() -> impl IntoView {
    let next = response::request_query()
        .into_iter()
        .find(|(name, _)| name == "next")
        .map(|(_, next)| next)
        .unwrap_or_default();
    if context::current_user().is_some() {
        response::see_other(routes::safe_next(&next));
        return ().into_any();
    }
    let flash = Flash::take();
    let notice = flash.as_ref().and_then(Flash::notice);
    let problem = flash
        .as_ref()
        .and_then(|flash| flash.problem(FormName::SignIn));
    let about_the_form = problem
        .and_then(|problem| problem.beside(&["email", "password"]))
        .map(str::to_owned);
    let content = view! {
        <div class="narrow">
            <h1 class="page-title">"Sign in"</h1>
            {about_the_form.map(|text| view! { <ProblemMessage text/> })}
            <form class="form" method="post" action="/api/sign_in">
                <input type="hidden" name="next" value=next/>
                <Field id="email" name="email" label="E-mail" kind="email" autocomplete="username" problem/>
                <Field id="password" name="password" label="Password" kind="password" autocomplete="current-password" max_length=1024 problem/>
                <button class="button button--primary button--wide">"Sign in"</button>
            </form>
        </div>
    };
    view! {
        <Title text="Sign in"/>
        <PublicLayout notice content=content.into_any()/>
    }
    .into_any()
}
