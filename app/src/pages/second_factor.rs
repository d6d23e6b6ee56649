//! `/sign-in/second-factor`.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::routes::{self, api};
use orghub_ui::{
    components::{PasskeyForm, PublicFrame},
    context,
    forms::{self, Field, Flash, FormMessage},
    islands::PasskeyPrompt,
    response,
};

use super::render;
use crate::services::services;

/// Asks whoever proved one factor for a second one; `?next=` says where to go afterwards.
/// Without a sign-in that is pending it leads to where one begins.
#[component]
pub fn SecondFactorPage() -> impl IntoView {
    let load = async {
        let session = context::session()?;
        let auth = services().auth.clone();
        Ok(context::timed(auth.pending_sign_in(&session)).await?)
    };
    render(load, |pending| {
        let next = routes::next_in(&response::request_query());
        let Some(choice) = pending else {
            response::see_other(&routes::sign_in_then(routes::safe_next(&next)));
            return ().into_any();
        };
        let flash = Flash::take();
        let by_code = flash.state_of(&forms::COMPLETE_WITH_CODE);
        let by_passkey = flash.state_of(&forms::COMPLETE_WITH_PASSKEY);
        let code = choice.code.then(|| {
            view! {
                <FormMessage form=&by_code/>
                <form class="form" method="post" action=by_code.action()>
                    <input type="hidden" name="next" value=next.clone()/>
                    <Field
                        form=&by_code
                        id="code"
                        name="code"
                        label="Code"
                        autocomplete="one-time-code"
                        max_length=64
                        hint="Six digits from your authenticator app, or a recovery code."
                    />
                    <button class="button button--primary button--wide">"Continue"</button>
                </form>
            }
        });
        let passkey = choice.passkey.then(|| {
            view! {
                <PasskeyForm
                    form=by_passkey
                    question=api::BEGIN_PASSKEY_PROOF
                    next=next.clone()
                >
                    <button class="button button--wide">"Use a passkey"</button>
                </PasskeyForm>
                <PasskeyPrompt/>
            }
        });
        view! {
            <Title text="Second step"/>
            <PublicFrame flash>
                <div class="narrow">
                    <h1 class="page-title">"Second step"</h1>
                    <p class="lead">"Your password was right. One more thing shows that it is you."</p>
                    {code}
                    {passkey}
                    <p>
                        <a href=routes::sign_in_then(routes::safe_next(&next))>"Start again"</a>
                    </p>
                </div>
            </PublicFrame>
        }
        .into_any()
    })
}
