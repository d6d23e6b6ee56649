//! `/orgs/{slug}/joining`: links, domains and requests.

use leptos::prelude::*;
use orghub::{
    domain::{PageNumber, WaysToJoin, request_page_in},
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::{DomainList, JoinLinkForm, JoinLinkList, list_foot, past_the_end, request_list},
    forms, response,
};

use super::{OrgRequest, render_org};
use crate::services::services;

/// Who asks, what lets people in, and deciding about it.
#[component]
pub fn JoiningPage() -> impl IntoView {
    let page = request_page_in(&response::request_query());
    render_org(
        OrgPage::Joining,
        move |access| async move {
            let joining = services().joining.clone();
            Ok(joining.list_ways(&access, page).await?)
        },
        move |request, ways| show(request, page, ways),
    )
}

fn show(request: &OrgRequest, page: PageNumber, ways: WaysToJoin) -> AnyView {
    let (flash, slug) = (&request.flash, request.access.slug());
    let problem = flash.problem(&[&forms::REVOKE_JOIN_LINK]);
    let problem = problem.map(|problem| problem.message().to_owned());
    view! {
        <div class="page-head"><h1 class="page-title">"Ways to join"</h1></div>
        {new_link(request)}
        {requests(request, page, &ways)}
        <section class="card" aria-labelledby="links-title">
            <div class="card__head"><h2 class="card__title" id="links-title">"Join links"</h2></div>
            <div class="card__body">
                <p>
                    "Whoever has a link can become a member. Give it only to those whom it is \
                     for; it can be revoked at any time."
                </p>
                <JoinLinkList slug=slug.clone() links=ways.links problem/>
                <JoinLinkForm form=flash.state_of(&forms::MAKE_JOIN_LINK) slug=slug.clone()/>
            </div>
        </section>
        <section class="card" aria-labelledby="domains-title">
            <div class="card__head"><h2 class="card__title" id="domains-title">"Domains"</h2></div>
            <div class="card__body">
                <p>
                    "Verify a domain of your organization, and let in people who have verified \
                     an address there. It counts for exactly this domain, not for others that \
                     end in it."
                </p>
                <DomainList flash slug=slug.clone() domains=ways.domains pending=ways.pending/>
            </div>
        </section>
    }
    .into_any()
}

/// A link that was just made, to be copied: nobody has it but this page.
fn new_link(request: &OrgRequest) -> AnyView {
    let Some(link) = request.flash.link() else {
        return ().into_any();
    };
    view! {
        <div class="field">
            <label class="field__label" for="join-link">"The new link"</label>
            <input
                class="input"
                id="join-link"
                type="text"
                value=link.to_owned()
                readonly
                autocomplete="off"
                aria-describedby="join-link-hint"
            />
            <p class="field__hint" id="join-link-hint">
                "We do not keep it. If it gets lost, revoke it and make another one."
            </p>
        </div>
    }
    .into_any()
}

/// Who waits for an answer; nothing if nobody ever could.
fn requests(request: &OrgRequest, page: PageNumber, ways: &WaysToJoin) -> AnyView {
    let slug = request.access.slug();
    let forms = [&forms::ACCEPT_JOIN_REQUEST, &forms::DECLINE_JOIN_REQUEST];
    let problem = request.flash.problem(&forms);
    if ways.requests.total == 0 && problem.is_none() && page == PageNumber::FIRST {
        return ().into_any();
    }
    let address = |number| routes::ways_to_join(slug, number);
    let list = if ways.requests.is_beyond_last() {
        past_the_end(&ways.requests, address)
    } else {
        view! {
            {request_list(slug, &ways.requests, problem)}
            {list_foot(&ways.requests, "Pages of the list of requests", address)}
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby="requests-title">
            <div class="card__head">
                <h2 class="card__title" id="requests-title">"People who ask to join"</h2>
            </div>
            <div class="card__body">
                <div
                    class="paged-list"
                    data-total=ways.requests.total.to_string()
                    data-page=ways.requests.number.to_string()
                    data-pages=ways.requests.last().to_string()
                >
                    {list}
                </div>
            </div>
        </section>
    }
    .into_any()
}
