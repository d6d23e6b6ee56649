use leptos::prelude::*;
use orghub::{
    domain::{RECOVERY_CODES, SecondFactors},
    routes,
};
use orghub_ui::{
    components::{Badge, Day, Tone},
    forms::{self, FormMessage},
};

use super::AccountRequest;

/// Whether signing in takes a second step, and with what.
pub(super) fn card(request: &AccountRequest, factors: &SecondFactors) -> AnyView {
    let is_on = factors.required_since.is_some();
    let (tone, word) = if is_on {
        (Tone::Good, "On")
    } else {
        (Tone::Neutral, "Off")
    };
    let (app, verb) = match factors.totp_since {
        Some(since) => (view! { "On since " <Day at=since/> }.into_any(), "Manage"),
        None => (
            "A code from your phone after the password.".into_any(),
            "Set up",
        ),
    };
    let turn_on = request.flash.state_of(&forms::REQUIRE_PASSKEY);
    let turn_off = request.flash.state_of(&forms::TURN_OFF_SECOND_FACTOR);
    let codes = is_on.then(|| {
        let left = format!("{} of {RECOVERY_CODES} left.", factors.recovery_codes);
        view! {
            <li class="factors__factor">
                <div>
                    <p class="factors__name">"Recovery codes"</p>
                    <p class="quiet">{left}</p>
                </div>
                <a class="button" href=routes::RECOVERY_CODES>"Open recovery codes"</a>
            </li>
        }
    });
    let by_passkey = (!is_on && factors.has_password && !factors.passkeys.is_empty()).then(|| {
        view! {
            <li class="factors__factor">
                <div>
                    <p class="factors__name">"Passkey"</p>
                    <p class="quiet">"Ask for one of your passkeys after the password."</p>
                </div>
                <form method="post" action=turn_on.action()>
                    <button class="button">"Ask for a passkey"</button>
                </form>
            </li>
        }
    });
    let off = is_on.then(|| {
        view! {
            <div class="card__split">
                <p class="quiet">
                    "Turning it off removes the app and the recovery codes. Passkeys stay."
                </p>
                <form
                    method="post"
                    action=turn_off.action()
                    data-confirm="Turn the second step off?"
                    data-confirm-detail="Whoever knows your password can sign in then."
                    data-confirm-verb="Turn off"
                >
                    <button class="button button--danger-quiet">"Turn off the second step"</button>
                </form>
            </div>
        }
    });
    view! {
        <section class="card" aria-labelledby="factors-title">
            <div class="card__head">
                <h2 class="card__title" id="factors-title">"Second step at sign-in"</h2>
                <Badge tone text=word/>
            </div>
            <div class="card__body">
                <FormMessage form=&turn_on/>
                <FormMessage form=&turn_off/>
                <ul class="factors">
                    <li class="factors__factor">
                        <div>
                            <p class="factors__name">"Authenticator app"</p>
                            <p class="quiet">{app}</p>
                        </div>
                        <a class="button" href=routes::TOTP>{verb}" authenticator app"</a>
                    </li>
                    {by_passkey}
                    {codes}
                </ul>
                {off}
            </div>
        </section>
    }
    .into_any()
}
