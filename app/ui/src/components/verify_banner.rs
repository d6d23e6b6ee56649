use leptos::prelude::*;
use orghub_domain::CurrentUser;

use crate::forms;

/// For somebody whose address is not verified: what that takes.
#[component]
pub fn VerifyBanner<'a>(user: &'a CurrentUser) -> impl IntoView + use<> {
    (!user.email_verified).then(|| {
        let email = user.email.to_string();
        view! {
            <div class="message message--split" data-tone="warning">
                <p>
                    "Confirm your address " <bdi>{email}</bdi>
                    " to create organizations and join them: open the link that we mailed you."
                </p>
                <form method="post" action=forms::RESEND_VERIFICATION.action>
                    <button class="button">"Mail it again"</button>
                </form>
            </div>
        }
        .into_any()
    })
}
