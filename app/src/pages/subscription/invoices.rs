//! `/orgs/{slug}/subscription/invoices`: the invoices that Stripe wrote, the newest first.

use leptos::prelude::*;
use orghub::{
    domain::{Invoice, InvoicePage},
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::{Badge, Day, EmptyState, Tone},
    response,
};

use super::{OrgRequest, back, render_org, stripe_is_away, unless_away};
use crate::services::services;

/// A page of them; `after` in the address is the invoice that it starts after.
#[component]
pub fn InvoicesPage() -> impl IntoView {
    let after = Some(routes::param_in(&response::request_query(), "after"));
    let after = after.filter(|after| !after.is_empty());
    let is_first = after.is_none();
    render_org(
        OrgPage::Invoices,
        move |access| async move {
            let billing = services().billing.clone();
            let page = billing.list_invoices(&access, after.as_deref()).await;
            unless_away(page.map_err(Into::into))
        },
        move |request, page| {
            let content = match page {
                None => stripe_is_away("invoices"),
                Some(page) => list(request, page, is_first),
            };
            view! {
                <div class="page-head"><h1 class="page-title">"Invoices"</h1></div>
                {content}
                {back(request)}
            }
            .into_any()
        },
    )
}

fn list(request: &OrgRequest, page: InvoicePage, is_first: bool) -> AnyView {
    if page.invoices.is_empty() {
        return view! {
            <EmptyState title="No invoices">
                <p>"Stripe writes one whenever something is charged."</p>
            </EmptyState>
        }
        .into_any();
    }
    let here = OrgPage::Invoices.path(request.access.slug());
    let older = page.next.map(|after| {
        let older = routes::with_query(here.clone(), &[("after", after)]);
        view! { <a class="button" href=older rel="next">"Older invoices"</a> }
    });
    let newest = (!is_first).then(|| view! { <a class="button" href=here>"Newest invoices"</a> });
    let rows = page.invoices.into_iter().map(row).collect_view();
    view! {
        <div class="paged-list">
            <table class="table records">
                <caption class="visually-hidden">"Invoices, the newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Invoice"</th>
                        <th scope="col">"Date"</th>
                        <th scope="col">"Total"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col"><span class="visually-hidden">"Documents"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            <div class="form__buttons">{newest}{older}</div>
        </div>
    }
    .into_any()
}

fn row(invoice: Invoice) -> AnyView {
    let name = invoice.number.clone().unwrap_or_else(|| "Draft".to_owned());
    let date = match invoice.created {
        Some(at) => view! { <Day at/> }.into_any(),
        None => "–".into_any(),
    };
    let total = invoice
        .total
        .as_ref()
        .map_or_else(|| "–".to_owned(), ToString::to_string);
    let status = invoice.status.clone().unwrap_or_default();
    let remaining = invoice
        .remaining
        .as_ref()
        .filter(|money| status == "open" && money.minor > 0)
        .map(|money| {
            view! { <span class="records__quiet">{format!("{money} to pay")}</span> }
        });
    let is_open = status == "open";
    let pages = invoice.hosted_url.map(|url| {
        let (word, label) = if is_open {
            ("Pay", format!("Pay invoice {name}"))
        } else {
            ("View", format!("View invoice {name}"))
        };
        view! { <a class="button" href=url aria-label=label>{word}</a> }
    });
    let document = invoice.pdf_url.map(|url| {
        let label = format!("PDF of invoice {name}");
        view! { <a class="button" href=url aria-label=label>"PDF"</a> }
    });
    view! {
        <tr data-invoice=invoice.id data-status=status.clone()>
            <th scope="row"><bdi>{name}</bdi></th>
            <td data-label="Date">{date}</td>
            <td data-label="Total">{total}</td>
            <td data-label="Status">
                <span class="records__what">{status_badge(&status)}{remaining}</span>
            </td>
            <td><div class="records__buttons">{pages}{document}</div></td>
        </tr>
    }
    .into_any()
}

/// One that this version does not know is shown in Stripe's word.
fn status_badge(status: &str) -> AnyView {
    let (text, tone) = match status {
        "" => ("Unknown", Tone::Neutral),
        "draft" => ("Draft", Tone::Neutral),
        "open" => ("To pay", Tone::Warning),
        "paid" => ("Paid", Tone::Good),
        "uncollectible" => ("Not collected", Tone::Bad),
        "void" => ("Void", Tone::Neutral),
        other => (other, Tone::Neutral),
    };
    view! { <Badge tone text/> }.into_any()
}
