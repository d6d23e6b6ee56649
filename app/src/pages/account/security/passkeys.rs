use leptos::prelude::*;
use orghub::{
    domain::{Passkey, SecondFactors, text},
    routes::api,
};
use orghub_ui::{
    components::{Day, PasskeyForm},
    forms::{self, Field, Problem},
    islands::PasskeyPrompt,
};

use super::AccountRequest;

/// The user's passkeys, and making another one.
pub(super) fn card(request: &AccountRequest, factors: &SecondFactors) -> AnyView {
    let problem = request
        .flash
        .problem(&[&forms::RENAME_PASSKEY, &forms::REMOVE_PASSKEY]);
    let rows = factors
        .passkeys
        .iter()
        .map(|passkey| row(passkey, problem))
        .collect_view();
    let add = request.flash.state_of(&forms::ADD_PASSKEY);
    view! {
        <section class="card" aria-labelledby="passkeys-title">
            <div class="card__head">
                <h2 class="card__title" id="passkeys-title">"Passkeys"</h2>
            </div>
            <div class="card__body">
                <p>
                    "A passkey signs you in without a password: your device keeps it, and asks \
                     for your finger, your face or its PIN."
                </p>
                <ul class="factors">{rows}</ul>
                <PasskeyForm form=add.clone() question=api::BEGIN_PASSKEY makes=true>
                    <Field
                        form=&add
                        id="passkey-name"
                        name="name"
                        label="Name of the new passkey"
                        max_length=100
                        hint="Such as the device that keeps it."
                    />
                    <div class="form__buttons">
                        <button class="button button--primary">"Add a passkey"</button>
                    </div>
                </PasskeyForm>
                <PasskeyPrompt/>
            </div>
        </section>
    }
    .into_any()
}

fn row(passkey: &Passkey, problem: Option<&Problem>) -> AnyView {
    let id = passkey.id.to_string();
    let [of_row, to_rename] = [id.clone(), id.clone()];
    let name = text::isolated(&passkey.name).into_owned();
    let problem = problem.filter(|problem| problem.typed("passkey_id") == Some(id.as_str()));
    let typed = problem.and_then(|problem| problem.typed("name"));
    let typed = typed.unwrap_or(&passkey.name).to_owned();
    let error = problem.map(|problem| {
        let message = problem.message().to_owned();
        view! { <p class="field__error" role="alert">{message}</p> }
    });
    let used = match passkey.last_used_at {
        Some(at) => {
            view! { "Added " <Day at=passkey.created_at/> ", last used " <Day at/> }.into_any()
        }
        None => view! { "Added " <Day at=passkey.created_at/> ", never used" }.into_any(),
    };
    view! {
        <li class="factors__factor" data-passkey-id=of_row>
            <div>
                <p class="factors__name"><bdi>{passkey.name.clone()}</bdi></p>
                <p class="quiet">{used}</p>
                {error}
                <details class="factors__more" open=problem.is_some()>
                    <summary>"Rename"</summary>
                    <form class="factors__rename" method="post" action=forms::RENAME_PASSKEY.action>
                        <input type="hidden" name="passkey_id" value=to_rename/>
                        <input
                            class="input"
                            name="name"
                            value=typed
                            aria-label=format!("New name of {name}")
                            dir="auto"
                            required
                            maxlength="100"
                            autocomplete="off"
                        />
                        <button class="button" aria-label=format!("Save the name of {name}")>
                            "Save"
                        </button>
                    </form>
                </details>
            </div>
            <form
                method="post"
                action=forms::REMOVE_PASSKEY.action
                data-confirm=format!("Remove {name}?")
                data-confirm-detail="It signs nobody in any more. Delete it on your device, too."
                data-confirm-verb="Remove passkey"
            >
                <input type="hidden" name="passkey_id" value=id/>
                <button class="button button--danger-quiet" aria-label=format!("Remove {name}")>
                    "Remove"
                </button>
            </form>
        </li>
    }
    .into_any()
}
