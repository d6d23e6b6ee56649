use leptos::prelude::*;
use orghub_domain::{CurrentUser, Membership, routes::AccountPage};

use super::dates::Day;

/// For a member without a second factor, whose organization will require one.
#[component]
pub fn SecondFactorBanner<'a>(
    user: &'a CurrentUser,
    membership: &'a Membership,
) -> impl IntoView + use<> {
    let from = membership.second_factor_from;
    from.filter(|_| !user.has_second_factor).map(|from| {
        view! {
            <div class="message message--split" data-tone="warning">
                <p>
                    "From " <Day at=from/>
                    " on, this organization requires a second factor. Without one you lose access."
                </p>
                <a class="button" href=AccountPage::Security.path()>"Set up a second factor"</a>
            </div>
        }
        .into_any()
    })
}
