//! `/admin/webhooks`: the ledger of Stripe's events; `/admin/webhooks/{id}`: one of them, with
//! what was received, and taking it up again.

use leptos::prelude::*;
use orghub::{
    domain::{LedgerEntry, LedgerEvent, LedgerFilter, Page},
    routes::{self, AdminPage},
};
use orghub_ui::{
    components::{Badge, Card, EmptyState, Moment, Tone, grouped, list_foot, past_the_end, total},
    error::AppError,
    forms::{self, Flash, FormMessage},
    response,
};

use super::{id_in_path, render_admin};
use crate::services::services;

/// The events that the address asks for (`show`, `page`), the newest first.
#[component]
pub fn AdminWebhooksPage() -> impl IntoView {
    let (filter, number) = routes::ledger_in(&response::request_query());
    render_admin(
        AdminPage::Webhooks,
        move |admin| async move {
            let platform = services().platform.clone();
            Ok(platform.list_webhook_events(&admin, filter, number).await?)
        },
        move |flash, page| {
            // Of a form that did not say which event it was about.
            let retry = flash.state_of(&forms::ADMIN_RETRY_WEBHOOK);
            let found = format!("{} found", total(&page));
            let count = page.total.to_string();
            view! {
                <div class="page-head">
                    <h1 class="page-title">"Webhooks"</h1>
                    <p class="page-head__count">{found}</p>
                </div>
                <FormMessage form=&retry/>
                {filters(filter)}
                <div class="paged-list" data-total=count>{list(page, filter)}</div>
            }
            .into_any()
        },
    )
}

fn filters(shown: LedgerFilter) -> AnyView {
    let links = [
        (LedgerFilter::All, "All"),
        (LedgerFilter::Failed, "Waiting to be tried again"),
        (LedgerFilter::Conflict, "Conflicts"),
    ]
    .map(|(filter, label)| {
        let href = routes::admin_ledger(filter, Default::default());
        let is_current = (filter == shown).then_some("true");
        view! {
            <li><a class="tabs__link" href=href aria-current=is_current>{label}</a></li>
        }
    });
    view! {
        <nav class="tabs" aria-label="Which events">
            <ul class="tabs__list">{links}</ul>
        </nav>
    }
    .into_any()
}

fn list(page: Page<LedgerEvent>, filter: LedgerFilter) -> AnyView {
    let href = move |number| routes::admin_ledger(filter, number);
    if page.is_beyond_last() {
        return past_the_end(&page, href);
    }
    if page.rows.is_empty() {
        return view! {
            <EmptyState title="No events">
                <p>"Nothing that Stripe sent is like this."</p>
            </EmptyState>
        }
        .into_any();
    }
    let foot = list_foot(&page, "Pages of the ledger", href);
    let rows = page.rows.into_iter().map(row).collect_view();
    view! {
        <table class="table records">
            <caption class="visually-hidden">"Events, the newest first"</caption>
            <thead>
                <tr>
                    <th scope="col">"Event"</th>
                    <th scope="col">"About"</th>
                    <th scope="col">"Received"</th>
                    <th scope="col">"Outcome"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        {foot}
    }
    .into_any()
}

fn row(event: LedgerEvent) -> AnyView {
    let outcome = outcome(&event);
    let (id, page) = (event.id.clone(), routes::admin_webhook(&event.id));
    let about = event.object_id.clone().unwrap_or_else(|| "–".to_owned());
    let customer = event
        .customer_id
        .map(|id| view! { <span class="records__quiet">{id}</span> });
    view! {
        <tr data-event=id>
            <th scope="row">
                <span class="records__what">
                    <a href=page>{event.event_type}</a>
                </span>
                <span class="records__quiet">{event.id}</span>
            </th>
            <td data-label="About"><span class="records__what">{about}{customer}</span></td>
            <td data-label="Received"><Moment at=event.received_at/></td>
            <td data-label="Outcome">
                <span class="records__what">
                    {outcome}
                    <span class="records__quiet">{attempts(event.attempts)}</span>
                </span>
            </td>
        </tr>
    }
    .into_any()
}

fn attempts(attempts: u32) -> String {
    match attempts {
        1 => "1 attempt".to_owned(),
        many => format!("{} attempts", grouped(many)),
    }
}

fn outcome(event: &LedgerEvent) -> AnyView {
    let (text, tone) = match (event.processed_at, event.outcome.as_deref()) {
        (None, _) => ("Waits to be tried again", Tone::Bad),
        (Some(_), Some("processed")) => ("Taken over", Tone::Good),
        (Some(_), Some("ignored")) => ("Ignored", Tone::Neutral),
        (Some(_), Some("conflict")) => ("Conflict", Tone::Warning),
        (Some(_), Some(other)) => (other, Tone::Neutral),
        (Some(_), None) => ("Done", Tone::Neutral),
    };
    view! { <Badge tone text/> }.into_any()
}

/// One event.
#[component]
pub fn AdminWebhookPage() -> impl IntoView {
    let event: Option<String> = id_in_path();
    render_admin(
        AdminPage::Webhooks,
        move |admin| async move {
            let event = event.ok_or(AppError::NotFound)?;
            let platform = services().platform.clone();
            Ok(platform.get_webhook_event(&admin, &event).await?)
        },
        show,
    )
}

fn show(flash: &Flash, entry: LedgerEntry) -> AnyView {
    let event = &entry.event;
    view! {
        <div class="page-head">
            <h1 class="page-title">{event.event_type.clone()}</h1>
            <p class="page-head__count">{event.id.clone()}</p>
        </div>
        {facts(event)}
        {event.last_error.clone().map(error)}
        {retry(flash, event)}
        {payload(entry.payload.clone())}
        <p><a href=AdminPage::Webhooks.path()>"Back to the ledger"</a></p>
    }
    .into_any()
}

fn facts(event: &LedgerEvent) -> AnyView {
    let or_none = |id: &Option<String>| id.clone().unwrap_or_else(|| "–".to_owned());
    let processed = match event.processed_at {
        Some(at) => view! { <Moment at/> }.into_any(),
        None => "Not yet".into_any(),
    };
    view! {
        <dl class="facts">
            <div class="facts__fact" data-fact="outcome">
                <dt>"Outcome"</dt>
                <dd>
                    {outcome(event)}
                    <span class="facts__more">{attempts(event.attempts)}</span>
                </dd>
            </div>
            <div class="facts__fact"><dt>"About"</dt><dd>{or_none(&event.object_id)}</dd></div>
            <div class="facts__fact"><dt>"Customer"</dt><dd>{or_none(&event.customer_id)}</dd></div>
            <div class="facts__fact">
                <dt>"Happened at Stripe"</dt>
                <dd><Moment at=event.created/></dd>
            </div>
            <div class="facts__fact"><dt>"Received"</dt><dd><Moment at=event.received_at/></dd></div>
            <div class="facts__fact"><dt>"Done with"</dt><dd>{processed}</dd></div>
        </dl>
    }
    .into_any()
}

fn error(error: String) -> AnyView {
    view! {
        <Card id="error-title" title="Why it failed last">
            <p class="records__error">{error}</p>
        </Card>
    }
    .into_any()
}

/// An event that was done with can be taken up again, too: what it leads to is a comparison.
fn retry(flash: &Flash, event: &LedgerEvent) -> AnyView {
    let form = flash.state_of(&forms::ADMIN_RETRY_WEBHOOK);
    let id = event.id.clone();
    view! {
        <Card id="retry-title" title="Take it up again">
            <FormMessage form=&form/>
            <div class="card__split">
                <p>
                    "The organization is compared with Stripe once more, as if the event had just \
                     arrived. That can be done as often as you like."
                </p>
                <form method="post" action=form.action()>
                    <input type="hidden" name="event" value=id/>
                    <button class="button">"Retry"</button>
                </form>
            </div>
        </Card>
    }
    .into_any()
}

fn payload(payload: Option<String>) -> AnyView {
    let content = match payload {
        Some(json) => {
            // It scrolls, and whoever has no mouse scrolls it, too.
            view! { <pre class="payload" tabindex="0" role="region" aria-label="Payload">{json}</pre> }
                .into_any()
        }
        None => view! { <p class="quiet">"It is not kept any more."</p> }.into_any(),
    };
    view! { <Card id="payload-title" title="What was received">{content}</Card> }.into_any()
}
