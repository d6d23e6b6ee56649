//! People who ask to join, and the answers.

use leptos::prelude::*;
use orghub_domain::{JoinRequest, OrgSlug, Page, routes, text};

use super::{avatar::Avatar, dates::Moment, message::ProblemMessage};
use crate::forms::{self, Form, Problem};

/// One page of them. Rows carry `data-request-id`.
pub fn request_list(
    slug: &OrgSlug,
    page: &Page<JoinRequest>,
    problem: Option<&Problem>,
) -> AnyView {
    let list = routes::ways_to_join(slug, page.number);
    let has_row = problem.is_some_and(|problem| {
        let id = problem.typed("request_id").unwrap_or_default();
        page.rows.iter().any(|row| row.id.to_string() == id)
    });
    let lost = problem.filter(|_| !has_row).map(|problem| {
        let text = problem.message().to_owned();
        view! { <ProblemMessage text/> }
    });
    let rows = page
        .rows
        .iter()
        .map(|request| row(slug, &list, request, problem))
        .collect_view();
    let nobody = page
        .rows
        .is_empty()
        .then(|| view! { <p>"Nobody waits for an answer."</p> });
    view! {
        {lost}
        {nobody}
        <ul class="ways">{rows}</ul>
    }
    .into_any()
}

fn row(slug: &OrgSlug, list: &str, request: &JoinRequest, problem: Option<&Problem>) -> AnyView {
    let id = request.id.to_string();
    let name = text::isolated(&request.name).into_owned();
    let problem = problem.filter(|problem| problem.typed("request_id") == Some(id.as_str()));
    let error = problem.map(|problem| {
        let message = problem.message().to_owned();
        view! { <p class="field__error" role="alert">{message}</p> }
    });
    let way = match &request.domain {
        Some(domain) => format!("by an address at {domain}"),
        None => "by a link".to_owned(),
    };
    let answer = |form: &'static Form, class: &'static str, verb: &'static str| {
        view! {
            <form method="post" action=form.action>
                <input type="hidden" name="org" value=slug.to_string()/>
                <input type="hidden" name="request_id" value=id.clone()/>
                <input type="hidden" name="return_to" value=list.to_owned()/>
                <button class=class aria-label=format!("{verb} {name}")>{verb}</button>
            </form>
        }
    };
    let accept = answer(
        &forms::ACCEPT_JOIN_REQUEST,
        "button button--primary",
        "Accept",
    );
    let decline = answer(&forms::DECLINE_JOIN_REQUEST, "button", "Decline");
    let picture = request.picture.as_ref().map(routes::picture);
    view! {
        <li class="ways__way" data-request-id=id.clone()>
            <div class="ways__who">
                <Avatar name=&request.name picture/>
                <div>
                    <p class="ways__name"><bdi>{request.name.clone()}</bdi></p>
                    <p class="ways__address"><bdi>{request.email.to_string()}</bdi></p>
                    <p class="quiet">"Asked " <Moment at=request.asked_at/> ", " {way}</p>
                    {error}
                </div>
            </div>
            <div class="ways__actions">{accept}{decline}</div>
        </li>
    }
    .into_any()
}
