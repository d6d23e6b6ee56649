//! `/admin/sessions`.

use leptos::prelude::*;
use orghub::routes::AdminPage;
use orghub_ui::{
    components::Card,
    forms::{self, Field, FormMessage, SIGN_OUT_EVERYBODY_WORDS},
};

use super::render_admin;

const HINT: &str = "Type the words “sign out everybody”.";

/// Ends the sessions of everybody, for the day cookies leak.
#[component]
pub fn AdminSessionsPage() -> impl IntoView {
    render_admin(
        AdminPage::Sessions,
        |_admin| async { Ok(()) },
        |flash, ()| {
            let form = flash.state_of(&forms::SIGN_OUT_EVERYBODY);
            debug_assert!(HINT.contains(SIGN_OUT_EVERYBODY_WORDS));
            view! {
                <div class="page-head"><h1 class="page-title">"Sessions of everybody"</h1></div>
                <Card id="everybody-title" title="Sign out everybody" is_dangerous=true>
                    <p>
                        "Ends every session of every user at once, on all nodes. Nobody loses \
                         anything that was saved, and everybody has to sign in again: you, too."
                    </p>
                    <FormMessage form=&form/>
                    <form class="form" method="post" action=form.action()>
                        <Field
                            form=&form
                            id="confirmation"
                            name="confirmation"
                            label="Confirmation"
                            hint=HINT
                            max_length=60
                        />
                        <div class="form__buttons">
                            <button class="button button--danger">"Sign out everybody"</button>
                        </div>
                    </form>
                </Card>
            }
            .into_any()
        },
    )
}
