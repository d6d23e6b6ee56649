use leptos::prelude::*;
use orghub::domain::{ConnectedProvider, Provider, UserProviders, text};
use orghub_ui::{
    components::{Card, Day},
    forms::{self, FormMessage, FormState},
};

use super::AccountRequest;

/// The providers that sign the user in, and those that could; nothing if there are none.
pub(super) fn card(request: &AccountRequest, providers: UserProviders) -> AnyView {
    let UserProviders { connected, others } = providers;
    if connected.is_empty() && others.is_empty() {
        return ().into_any();
    }
    let connect = request.flash.state_of(&forms::OIDC_CONNECT);
    let disconnect = request.flash.state_of(&forms::OIDC_DISCONNECT);
    let rows = connected
        .into_iter()
        .map(|one| connected_row(&disconnect, one))
        .collect_view();
    let buttons = others
        .into_iter()
        .map(|other| connect_row(&connect, other))
        .collect_view();
    view! {
        <Card id="providers-title" title="Sign in with others">
            <FormMessage form=&connect/>
            <FormMessage form=&disconnect/>
            <p>"What you connect here signs you in, without your password."</p>
            {rows}
            {buttons}
        </Card>
    }
    .into_any()
}

fn connected_row(form: &FormState, connected: ConnectedProvider) -> AnyView {
    let label = connected.label;
    let question = format!("Disconnect {}?", text::isolated(&label));
    view! {
        <div class="card__split">
            <div>
                <p><bdi>{label.clone()}</bdi></p>
                <p class="providers__fact">
                    <bdi>{connected.email.to_string()}</bdi>
                    ", last used " <Day at=connected.last_used_at/>
                </p>
            </div>
            <form
                method="post"
                action=form.action()
                data-confirm=question
                data-confirm-detail="It does not sign you in any more."
                data-confirm-verb="Disconnect"
            >
                <input type="hidden" name="identity" value=connected.id.to_string()/>
                <button class="button button--danger-quiet">
                    "Disconnect"<span class="visually-hidden">" " {label}</span>
                </button>
            </form>
        </div>
    }
    .into_any()
}

fn connect_row(form: &FormState, provider: Provider) -> AnyView {
    view! {
        <form method="post" action=form.action()>
            <input type="hidden" name="provider" value=provider.name.to_string()/>
            <button class="button">{format!("Connect {}", provider.label)}</button>
        </form>
    }
    .into_any()
}
