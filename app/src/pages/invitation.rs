//! `/invitations/{token}`: where the link of an invitation leads.
//!
//! Opening it changes nothing: mail programs and scanners open links, too. What it offers
//! depends on who looks. A link that was used, has expired, or never was gets one and the
//! same page.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use orghub::{
    domain::{CurrentUser, InvitationDetails, text},
    routes,
};
use orghub_ui::{
    components::{Day, PublicFrame},
    context::{self, LinkToken},
    error::AppError,
    forms::{self, Flash, FormMessage},
};

use super::{error, render};
use crate::services::services;

/// Accepting, declining, and what it takes before one can.
#[component]
pub fn InvitationPage() -> impl IntoView {
    let token = use_params_map()
        .with_untracked(|params| params.get("token"))
        .unwrap_or_default();
    let asked = token.clone();
    render(
        async move {
            let invitations = services().invitations.clone();
            let found = invitations.find_by_token(&LinkToken::of(&asked)).await;
            match found.map_err(AppError::from) {
                Ok(about) => Ok(Some(about)),
                Err(AppError::DeadLink) => Ok(None),
                Err(error) => Err(error),
            }
        },
        move |found| match found {
            Some(about) => show(&about, &token),
            None => error::dead_link(
                "This invitation is over",
                "It was accepted, declined or cancelled, or its seven days have passed. If you have \
                 accepted it, you find the organization in your list; otherwise ask whoever invited \
                 you for another one.",
            ),
        },
    )
}

fn show(about: &InvitationDetails, token: &str) -> AnyView {
    let flash = Flash::take();
    let messages = [&forms::ACCEPT_INVITATION, &forms::DECLINE_INVITATION].map(|form| {
        let form = flash.state_of(form);
        view! { <FormMessage form=&form/> }
    });
    let next = routes::invitation(token);
    let way_on = match context::current_user() {
        None => for_visitor(about, token, &next),
        Some(user) if user.email != about.email => for_another(&user, about, &next),
        Some(user) if !user.email_verified => for_unverified(&user, &next),
        Some(_) => for_recipient(token),
    };
    let org = about.org_name.clone();
    let title = format!("Invitation to {}", text::isolated(&org));
    let (role, email, ends) = (
        about.role.label(),
        about.email.to_string(),
        about.expires_at,
    );
    let by = match about.invited_by.clone() {
        Some(name) => view! { <bdi>{name}</bdi> " invites you" }.into_any(),
        None => "You are invited".into_any(),
    };
    view! {
        <Title text=title/>
        <PublicFrame flash>
            <div class="narrow">
                <h1 class="page-title">"Join " <bdi>{org.clone()}</bdi></h1>
                {messages}
                <p class="lead">
                    {by} " to join " <bdi>{org}</bdi> ". Your role there will be: "
                    {role} "."
                </p>
                <p class="quiet">
                    "For " <bdi>{email}</bdi> ", until "
                    <Day at=ends/> "."
                </p>
                {way_on}
            </div>
        </PublicFrame>
    }
    .into_any()
}

fn for_recipient(token: &str) -> AnyView {
    view! {
        <div class="form__buttons">
            <form method="post" action=forms::ACCEPT_INVITATION.action>
                <input type="hidden" name="token" value=token.to_owned()/>
                <button class="button button--primary">"Accept"</button>
            </form>
            {decline_form(token)}
        </div>
    }
    .into_any()
}

fn for_visitor(about: &InvitationDetails, token: &str, next: &str) -> AnyView {
    let email = about.email.as_str();
    view! {
        <p>"To accept, sign in with this address, or create an account with it."</p>
        <div class="form__buttons">
            <a class="button button--primary" href=routes::sign_up_as(email, next)>
                "Create an account"
            </a>
            <a class="button" href=routes::sign_in_as(email, next)>"Sign in"</a>
            {decline_form(token)}
        </div>
    }
    .into_any()
}

/// The link does not say whose account this is: see `orghub::invitations`.
fn for_another(user: &CurrentUser, about: &InvitationDetails, next: &str) -> AnyView {
    let email = about.email.to_string();
    view! {
        <div class="message" data-tone="warning" role="status">
            <p>
                "This invitation is for " <strong><bdi>{email}</bdi></strong>
                ", and you are signed in as "
                <strong><bdi>{user.email.to_string()}</bdi></strong> "."
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

fn for_unverified(user: &CurrentUser, next: &str) -> AnyView {
    view! {
        <p>
            "First confirm that " <bdi>{user.email.to_string()}</bdi>
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

fn decline_form(token: &str) -> AnyView {
    view! {
        <form method="post" action=forms::DECLINE_INVITATION.action>
            <input type="hidden" name="token" value=token.to_owned()/>
            <button class="button button--quiet">"Decline"</button>
        </form>
    }
    .into_any()
}
