//! What exists, for whoever tries it out.

use axum::{extract::State, response::Response};

use super::html;
use crate::{Shared, calendar, money};

pub(super) async fn show(State(shared): State<Shared>) -> Response {
    let store = shared.store();
    let row = |cells: &[String]| {
        let cells: String = cells
            .iter()
            .map(|cell| format!("<td>{cell}</td>"))
            .collect();
        format!("<tr>{cells}</tr>")
    };
    let subscriptions: String = store
        .subscriptions
        .values()
        .map(|subscription| {
            row(&[
                html::escape(&subscription.id),
                html::escape(&subscription.customer),
                html::escape(&subscription.status),
                html::escape(&store.price_or_unlisted(&subscription.price).words()),
                calendar::date(subscription.current_period_end),
            ])
        })
        .collect();
    let invoices: String = store
        .invoices
        .values()
        .rev()
        .map(|invoice| {
            row(&[
                format!(
                    "<a href=\"/invoice/{0}\">{0}</a>",
                    html::escape(&invoice.id)
                ),
                html::escape(&invoice.status),
                money::format(invoice.amount_due, &invoice.currency),
            ])
        })
        .collect();
    let body = format!(
        "<p>The time here: {}.</p><section><h2>Subscriptions</h2><table><thead><tr>\
         <th>Id</th><th>Customer</th><th>Status</th><th>Price</th><th>Period ends</th>\
         </tr></thead><tbody>{subscriptions}</tbody></table></section>\
         <section><h2>Invoices</h2><table><thead><tr><th>Id</th><th>Status</th><th>Due</th>\
         </tr></thead><tbody>{invoices}</tbody></table></section>",
        calendar::date(store.now())
    );
    html::page("Overview", &body)
}
