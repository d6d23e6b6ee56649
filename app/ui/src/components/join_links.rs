//! Links by which people join: those there are, and making another one.

use leptos::prelude::*;
use orghub_domain::{JoinLink, JoinLinkLife, MAX_JOIN_LINKS, MailDomain, OrgSlug};

use super::{dates::Moment, message::ProblemMessage};
use crate::forms::{self, Field, FormMessage, FormState};

/// Each with what it lets in, and a button that ends it.
#[component]
pub fn JoinLinkList(
    slug: OrgSlug,
    links: Vec<JoinLink>,
    /// What went wrong with the last one that was to be revoked.
    problem: Option<String>,
) -> impl IntoView {
    let rows = links.iter().map(|link| row(&slug, link)).collect_view();
    view! {
        {problem.map(|text| view! { <ProblemMessage text/> })}
        <ul class="ways">{rows}</ul>
    }
    .into_any()
}

fn row(slug: &OrgSlug, link: &JoinLink) -> AnyView {
    let [of_row, to_revoke] = [(); 2].map(|()| link.id.to_string());
    let by = match link.made_by.clone() {
        Some(name) => view! { " by " <bdi>{name}</bdi> }.into_any(),
        None => ().into_any(),
    };
    let ends = match link.expires_at {
        Some(at) => view! { "Works until " <Moment at/> "." }.into_any(),
        None => "Works until it is revoked.".into_any(),
    };
    view! {
        <li class="ways__way" data-link-id=of_row>
            <div>
                <p class="ways__name">{for_whom(link)}</p>
                <p class="quiet">{uses(link)} " " {ends}</p>
                <p class="quiet">"Made " <Moment at=link.created_at/> {by}</p>
            </div>
            <form
                method="post"
                action=forms::REVOKE_JOIN_LINK.action
                data-confirm="Revoke this link?"
                data-confirm-detail="It lets nobody in any more. Members stay members."
                data-confirm-verb="Revoke link"
            >
                <input type="hidden" name="org" value=slug.to_string()/>
                <input type="hidden" name="link_id" value=to_revoke/>
                <button
                    class="button button--danger-quiet"
                    aria-label=format!("Revoke the link: {}", for_whom(link))
                >
                    "Revoke"
                </button>
            </form>
        </li>
    }
    .into_any()
}

/// "Lets in people of acme.test", "Anybody asks first".
fn for_whom(link: &JoinLink) -> String {
    let domains: Vec<_> = link
        .allowed_domains
        .iter()
        .map(MailDomain::as_str)
        .collect();
    let domains = domains.join(", ");
    match (link.asks_first, domains.as_str()) {
        (false, "") => "Lets in whoever has it".to_owned(),
        (false, _) => format!("Lets in people with an address at {domains}"),
        (true, "") => "Lets whoever has it ask".to_owned(),
        (true, _) => format!("Lets people with an address at {domains} ask"),
    }
}

fn uses(link: &JoinLink) -> String {
    match (link.uses, link.most_uses) {
        (uses, Some(most)) => format!("Used {uses} of {most} times."),
        (0, None) => "Never used.".to_owned(),
        (1, None) => "Used once.".to_owned(),
        (uses, None) => format!("Used {uses} times."),
    }
}

/// For whom the next link is, and for how long.
#[component]
pub fn JoinLinkForm(form: FormState, slug: OrgSlug) -> impl IntoView {
    let life = form.typed("life").and_then(|life| life.parse().ok());
    let life: JoinLinkLife = life.unwrap_or_default();
    let lives = JoinLinkLife::ALL.map(|choice| {
        let is_chosen = choice == life;
        view! { <option value=choice.as_str() selected=is_chosen>{choice.label()}</option> }
    });
    let error = form.message_at("life").map(|message| {
        let message = message.to_owned();
        view! { <p class="field__error" role="alert">{message}</p> }
    });
    let asks_first = form.typed("asks_first").is_some();
    view! {
        <h3 class="ways__title">"Make a link"</h3>
        <FormMessage form=&form/>
        <form class="form" method="post" action=form.action()>
            <input type="hidden" name="org" value=slug.to_string()/>
            <div class="field">
                <label class="field__label" for="link-life">"It works for"</label>
                <div class="field__input">
                    <select class="select" id="link-life" name="life">{lives}</select>
                </div>
                {error}
            </div>
            <Field
                form=&form
                id="link-uses"
                name="most_uses"
                label="How many people it lets in"
                optional=true
                max_length=5
                hint="Empty: as many as there are seats."
            />
            <Field
                form=&form
                id="link-domains"
                name="domains"
                label="Domains of their addresses"
                optional=true
                hint="Such as example.com, with commas in between. Empty: any."
            />
            <label class="check">
                <input type="checkbox" name="asks_first" value="yes" checked=asks_first/>
                "They ask first, and somebody answers"
            </label>
            <div class="form__buttons">
                <button class="button button--primary">"Make a link"</button>
            </div>
            <p class="field__hint">
                {format!("At most {MAX_JOIN_LINKS} at a time. A link is shown once.")}
            </p>
        </form>
    }
    .into_any()
}
