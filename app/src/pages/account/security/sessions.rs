//! Where one is signed in, and ending that.

use leptos::prelude::*;
use orghub::domain::OwnSession;
use orghub_ui::{
    components::{Badge, Card, Moment, Tone},
    forms::{self, FormMessage},
};

use crate::pages::account::AccountRequest;

/// The reader's live sessions: this one, then the others. An address is shown as it is: it is
/// all that is known about the place.
pub fn card(request: &AccountRequest, sessions: Vec<OwnSession>) -> AnyView {
    let one = request.flash.state_of(&forms::END_SESSION);
    let others = request.flash.state_of(&forms::END_OTHER_SESSIONS);
    let has_others = sessions.iter().any(|session| !session.is_current);
    let lines = sessions.into_iter().map(line).collect_view();
    view! {
        <Card id="sessions-title" title="Sessions">
            <p>
                "The browsers you are signed in with. If you do not know one, end its session and \
                 change your password."
            </p>
            <FormMessage form=&one/>
            <FormMessage form=&others/>
            <ul class="sessions">{lines}</ul>
            {has_others.then(end_others_form)}
        </Card>
    }
    .into_any()
}

fn line(session: OwnSession) -> AnyView {
    let device = session.device.to_string();
    let end = (!session.is_current).then(|| end_form(session.id.to_string(), &device));
    let current = session
        .is_current
        .then(|| view! { <Badge tone=Tone::Accent text="This session"/> });
    let address = session.address.map_or_else(
        || "from an unknown address".to_owned(),
        |address| format!("from {address}"),
    );
    view! {
        <li class="sessions__session" data-current=session.is_current.to_string()>
            <div class="sessions__what">
                <p class="sessions__device">{device} {current}</p>
                <p class="sessions__facts">
                    "Signed in "
                    <Moment at=session.first_seen_at/>
                    ", "
                    {address}
                </p>
                <p class="sessions__facts">
                    "Last seen in the hour from "
                    <Moment at=session.last_seen_at/>
                </p>
            </div>
            {end}
        </li>
    }
    .into_any()
}

fn end_form(session: String, device: &str) -> AnyView {
    view! {
        <form
            method="post"
            action=forms::END_SESSION.action
            data-confirm=format!("End the session of {device}?")
            data-confirm-detail="Whoever uses it is signed out immediately."
            data-confirm-verb="End session"
        >
            <input type="hidden" name="session" value=session/>
            <button class="button button--danger-quiet">
                "End session"
                <span class="visually-hidden">{format!(" of {device}")}</span>
            </button>
        </form>
    }
    .into_any()
}

fn end_others_form() -> AnyView {
    view! {
        <form
            method="post"
            action=forms::END_OTHER_SESSIONS.action
            data-confirm="End all other sessions?"
            data-confirm-detail="All browsers but this one are signed out immediately."
            data-confirm-verb="End the others"
        >
            <button class="button button--danger-quiet">"End all other sessions"</button>
        </form>
    }
    .into_any()
}
