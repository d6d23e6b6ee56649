use leptos::prelude::*;
use orghub_domain::{JoinableOrg, routes, text};

use super::{avatar::Avatar, message::ProblemMessage};
use crate::forms::{self, Problem};

/// The organizations that the reader can join by their address, each with its button; nothing
/// if there are none.
#[component]
pub fn JoinableOrgs(
    orgs: Vec<JoinableOrg>,
    /// What went wrong with the last one.
    problem: Option<Problem>,
) -> impl IntoView {
    let message = problem.map(|problem| {
        let text = problem.message().to_owned();
        view! { <ProblemMessage text/> }
    });
    if orgs.is_empty() {
        return message.into_any();
    }
    let rows = orgs.into_iter().map(row).collect_view();
    view! {
        <section class="card" aria-labelledby="joinable-title">
            <div class="card__head">
                <h2 class="card__title" id="joinable-title">"Organizations you can join"</h2>
            </div>
            <div class="card__body">
                <p>"They let in people with an address like yours."</p>
                {message}
                <ul class="ways">{rows}</ul>
            </div>
        </section>
    }
    .into_any()
}

fn row(org: JoinableOrg) -> AnyView {
    let id = org.id.to_string();
    let verb = if org.policy.lets_join() {
        "Join"
    } else {
        "Ask to join"
    };
    let action = if org.has_asked {
        view! { <p class="quiet">"You have asked to join."</p> }.into_any()
    } else {
        view! {
            <form method="post" action=forms::JOIN_BY_DOMAIN.action>
                <input type="hidden" name="organization" value=id.clone()/>
                <button
                    class="button"
                    aria-label=format!("{verb} {}", text::isolated(&org.name))
                >
                    {verb}
                </button>
            </form>
        }
        .into_any()
    };
    view! {
        <li class="ways__way" data-joinable=id>
            <div class="ways__who">
                <Avatar name=&org.name picture=org.logo.as_ref().map(routes::picture) square=true/>
                <p class="ways__name"><bdi>{org.name.clone()}</bdi></p>
            </div>
            {action}
        </li>
    }
    .into_any()
}
