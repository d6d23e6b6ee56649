//! `/`: what Orghub is, for visitors.

use leptos::prelude::*;
use leptos_meta::Title;
use orghub::routes;
use orghub_ui::{components::PublicFrame, context, forms::Flash, response};

/// Whoever is signed in goes on to the list of organizations.
#[component]
pub fn LandingPage() -> impl IntoView {
    if context::current_user().is_some() {
        response::see_other(routes::ORGS);
        return ().into_any();
    }
    view! {
        <Title text="Members, roles and subscriptions"/>
        <PublicFrame flash=Flash::take()>
            <div class="hero">
                <h1 class="hero__title">"Your organization, in one calm place."</h1>
                <p class="hero__text">
                    "See who belongs to your organization, decide what they may do, and know \
                     what your subscription covers. Fast with ten people, and just as fast \
                     with ten thousand."
                </p>
                <p>
                    <a class="button button--primary button--large" href=routes::SIGN_IN>
                        "Sign in"
                    </a>
                    " "
                    <a class="button button--large" href=routes::SIGN_UP>"Create an account"</a>
                </p>
            </div>
            <ul class="points">
                <li class="points__point">
                    <h2 class="points__title">"Members"</h2>
                    <p>
                        "Search, filter and page through everybody. Every view has its own \
                         address, so you can share it."
                    </p>
                </li>
                <li class="points__point">
                    <h2 class="points__title">"Roles"</h2>
                    <p>
                        "Owners, admins and members. Whoever loses a role or leaves loses \
                         access with their next click."
                    </p>
                </li>
                <li class="points__point">
                    <h2 class="points__title">"Subscription"</h2>
                    <p>
                        "Plan, seats and limits at a glance, and plain words when something \
                         needs your attention."
                    </p>
                </li>
            </ul>
        </PublicFrame>
    }
    .into_any()
}
