//! Domains of an organization: what their people can do, and verifying another one.

use leptos::prelude::*;
use orghub_domain::{DomainPolicy, OrgDomain, OrgSlug, PendingDomain};

use super::dates::{Day, Moment};
use crate::forms::{self, Field, Flash, FormMessage, Problem};

/// The organization's domains, those that a code is on its way for, and the form that mails
/// one.
#[component]
pub fn DomainList<'a>(
    flash: &'a Flash,
    slug: OrgSlug,
    domains: Vec<OrgDomain>,
    pending: Vec<PendingDomain>,
) -> impl IntoView + use<> {
    let problem = flash.problem(&[&forms::CHANGE_DOMAIN_POLICY, &forms::REMOVE_DOMAIN]);
    let verifying = flash.problem(&[&forms::VERIFY_DOMAIN]);
    let rows = domains
        .iter()
        .map(|domain| row(&slug, domain, problem))
        .collect_view();
    let codes = pending
        .iter()
        .map(|domain| code_form(&slug, domain, verifying))
        .collect_view();
    // What is about no row that is shown, such as a code that was not entered in time.
    let has_row = |problem: &&Problem| {
        let domain = problem.typed("domain").unwrap_or_default();
        domains.iter().any(|row| row.domain.as_str() == domain)
            || pending.iter().any(|row| row.domain.as_str() == domain)
    };
    let lost = problem
        .into_iter()
        .chain(verifying)
        .filter(|problem| !has_row(problem))
        .map(error)
        .collect_view();
    let send = flash.state_of(&forms::SEND_DOMAIN_CODE);
    view! {
        {lost}
        <ul class="ways">{rows}</ul>
        {codes}
        <h3 class="ways__title">"Verify a domain"</h3>
        <FormMessage form=&send/>
        <form class="form" method="post" action=send.action()>
            <input type="hidden" name="org" value=slug.to_string()/>
            <Field
                form=&send
                id="domain-email"
                name="email"
                label="An address at the domain"
                kind="email"
                hint="We mail a code there. Somebody has to read it and tell you."
            />
            <div class="form__buttons">
                <button class="button">"Mail a code"</button>
            </div>
        </form>
    }
    .into_any()
}

fn error(problem: &Problem) -> AnyView {
    let message = problem.message().to_owned();
    view! { <p class="field__error" role="alert">{message}</p> }.into_any()
}

fn row(slug: &OrgSlug, domain: &OrgDomain, problem: Option<&Problem>) -> AnyView {
    let name = domain.domain.to_string();
    let problem = problem.filter(|problem| problem.typed("domain") == Some(name.as_str()));
    let options = DomainPolicy::ALL.map(|policy| {
        let is_chosen = policy == domain.policy;
        view! { <option value=policy.as_str() selected=is_chosen>{policy.label()}</option> }
    });
    view! {
        <li
            class="ways__way"
            data-domain=name.clone()
            data-policy=domain.policy.as_str()
        >
            <div>
                <p class="ways__name"><bdi>{name.clone()}</bdi></p>
                <p class="quiet">"Verified " <Day at=domain.verified_at/></p>
                {problem.map(error)}
            </div>
            <div class="ways__actions">
                <form class="ways__choice" method="post" action=forms::CHANGE_DOMAIN_POLICY.action>
                    <input type="hidden" name="org" value=slug.to_string()/>
                    <input type="hidden" name="domain" value=name.clone()/>
                    <select
                        class="select"
                        name="policy"
                        aria-label=format!("What people of {name} can do")
                        autocomplete="off"
                    >
                        {options}
                    </select>
                    <button class="button" aria-label=format!("Save the choice for {name}")>
                        "Save"
                    </button>
                </form>
                <form
                    method="post"
                    action=forms::REMOVE_DOMAIN.action
                    data-confirm=format!("Remove {name}?")
                    data-confirm-detail="Nobody joins by it any more. Members stay members."
                    data-confirm-verb="Remove domain"
                >
                    <input type="hidden" name="org" value=slug.to_string()/>
                    <input type="hidden" name="domain" value=name.clone()/>
                    <button class="button button--quiet" aria-label=format!("Remove {name}")>
                        "Remove"
                    </button>
                </form>
            </div>
        </li>
    }
    .into_any()
}

fn code_form(slug: &OrgSlug, domain: &PendingDomain, problem: Option<&Problem>) -> AnyView {
    let name = domain.domain.to_string();
    let problem = problem.filter(|problem| problem.typed("domain") == Some(name.as_str()));
    let [of_form, in_form] = [(); 2].map(|()| name.clone());
    let id = format!("code-{name}");
    let [error_id, described_by] = [(); 2].map(|()| format!("{id}-error"));
    let is_wrong = problem.is_some();
    let error = problem.map(|problem| {
        let message = problem.message().to_owned();
        view! { <p class="field__error" id=error_id role="alert">{message}</p> }
    });
    view! {
        <form
            class="form"
            method="post"
            action=forms::VERIFY_DOMAIN.action
            data-pending-domain=of_form
        >
            <input type="hidden" name="org" value=slug.to_string()/>
            <input type="hidden" name="domain" value=in_form/>
            <div class="field">
                <label class="field__label" for=id.clone()>
                    "Code for " <bdi>{name}</bdi>
                </label>
                <div class="field__input">
                    <input
                        class="input"
                        id=id
                        name="code"
                        inputmode="numeric"
                        required
                        maxlength="12"
                        autocomplete="one-time-code"
                        aria-invalid=is_wrong.then_some("true")
                        aria-describedby=is_wrong.then_some(described_by)
                    />
                </div>
                {error}
                <p class="field__hint">
                    "Mailed to " <bdi>{domain.sent_to.to_string()}</bdi> ". It works until "
                    <Moment at=domain.expires_at/> "."
                </p>
            </div>
            <div class="form__buttons">
                <button class="button button--primary">"Verify"</button>
            </div>
        </form>
    }
    .into_any()
}
