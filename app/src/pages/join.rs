//! `/join/{token}`: where a join link leads.
//!
//! Opening it changes nothing: mail programs and scanners open links, too. What it offers
//! depends on who looks. A link that was revoked or used up, has expired, or never was gets
//! one and the same page.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use orghub::{
    domain::{JoinOffer, JoinStanding, MailDomain, text},
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::PublicFrame,
    context::{self, LinkToken},
    error::AppError,
    forms::{self, Flash, FormMessage},
};

use super::{error, render};
use crate::services::services;

/// Joining, and what it takes before one can.
#[component]
pub fn JoinPage() -> impl IntoView {
    let token = use_params_map()
        .with_untracked(|params| params.get("token"))
        .unwrap_or_default();
    let asked = token.clone();
    render(
        async move {
            let joining = services().joining.clone();
            let user = context::signed_in().ok();
            let token = LinkToken::of(&asked);
            let found = context::timed(joining.find_offer(user.as_ref(), &token)).await;
            match found.map_err(AppError::from) {
                Ok(offer) => Ok(Some(offer)),
                Err(AppError::DeadLink) => Ok(None),
                Err(error) => Err(error),
            }
        },
        move |found| match found {
            Some(offer) => show(&offer, &token),
            None => error::dead_link(
                AppError::DeadLink.title(),
                "It was revoked or used up, or its time is over. Ask whoever gave it to you for \
                 another one.",
            ),
        },
    )
}

fn show(offer: &JoinOffer, token: &str) -> AnyView {
    let flash = Flash::take();
    let form = flash.state_of(&forms::FOLLOW_JOIN_LINK);
    let next = routes::join(token);
    let way_on = match &offer.standing {
        JoinStanding::SignedOut => for_visitor(&next),
        JoinStanding::Unverified => for_unverified(&next),
        JoinStanding::Member(slug) => {
            let path = OrgPage::Overview.path(slug);
            view! {
                <p>"You are a member already."</p>
                <p><a class="button button--primary" href=path>"Open the organization"</a></p>
            }
            .into_any()
        }
        JoinStanding::WrongDomain => for_another(&next),
        JoinStanding::Asked => {
            way_home("You have asked to join. We mail you when somebody answers.")
        }
        JoinStanding::Declined => {
            way_home("Your request was declined. You can ask again seven days after that.")
        }
        JoinStanding::Full => way_home(
            "The organization has no free seat right now. Ask somebody there to make room, then \
             open this link again.",
        ),
        JoinStanding::Ready => {
            let words = if offer.asks_first {
                "Ask to join"
            } else {
                "Join"
            };
            view! {
                <form method="post" action=form.action()>
                    <input type="hidden" name="token" value=token.to_owned()/>
                    <button class="button button--primary">{words}</button>
                </form>
            }
            .into_any()
        }
    };
    let org = offer.org_name.clone();
    let allowed = allowed(&offer.allowed_domains);
    let lead = if offer.asks_first {
        "Somebody there answers before you become a member."
    } else {
        "You become a member. Its members see your name and your address."
    };
    view! {
        <Title text=format!("Join {}", text::isolated(&offer.org_name))/>
        <PublicFrame flash>
            <div class="narrow">
                <h1 class="page-title">"Join " <bdi>{org}</bdi></h1>
                <FormMessage form=&form/>
                <p class="lead">{lead}</p>
                {allowed}
                {way_on}
            </div>
        </PublicFrame>
    }
    .into_any()
}

/// For whom the link is.
fn allowed(domains: &[MailDomain]) -> AnyView {
    if domains.is_empty() {
        return ().into_any();
    }
    let domains: Vec<_> = domains.iter().map(MailDomain::as_str).collect();
    let domains = domains.join(", ");
    view! { <p class="quiet">"For people with an address at " {domains} "."</p> }.into_any()
}

fn for_visitor(next: &str) -> AnyView {
    view! {
        <p>"To go on, sign in or create an account."</p>
        <div class="form__buttons">
            <a class="button button--primary" href=routes::sign_up_then(next)>
                "Create an account"
            </a>
            <a class="button" href=routes::sign_in_then(next)>"Sign in"</a>
        </div>
    }
    .into_any()
}

fn for_unverified(next: &str) -> AnyView {
    view! {
        <p>
            "First confirm that " {own_address()}
            " is your address: open the link in the message that we have mailed you. It leads \
             back here."
        </p>
        <form method="post" action=forms::RESEND_VERIFICATION.action>
            <input type="hidden" name="next" value=next.to_owned()/>
            <button class="button button--primary">"Mail it again"</button>
        </form>
    }
    .into_any()
}

fn for_another(next: &str) -> AnyView {
    view! {
        <div class="message" data-tone="warning" role="status">
            <p>
                "You are signed in as " <strong>{own_address()}</strong>
                ", and this link is for other addresses."
            </p>
        </div>
        <div class="form__buttons">
            <form method="post" action=forms::SIGN_OUT.action>
                <input type="hidden" name="next" value=next.to_owned()/>
                <button class="button button--primary">"Sign out and continue"</button>
            </form>
            <a class="button" href=routes::ORGS>"Your organizations"</a>
        </div>
    }
    .into_any()
}

fn way_home(sentence: &'static str) -> AnyView {
    view! {
        <p>{sentence}</p>
        <p><a class="button" href=routes::ORGS>"Your organizations"</a></p>
    }
    .into_any()
}

fn own_address() -> AnyView {
    let address = context::current_user().map(|user| user.email.to_string());
    view! { <bdi>{address.unwrap_or_default()}</bdi> }.into_any()
}
