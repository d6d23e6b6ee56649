//! The parts of the portal's page.

use super::html;
use crate::{
    calendar, money,
    objects::{PortalSession, Subscription},
    store::Store,
};

/// Whether a section is shown: a session with a flow has that one only.
pub(super) fn wants(store: &Store, session: &PortalSession, feature: &str) -> bool {
    match &session.flow {
        Some(flow) => flow.kind.starts_with(feature),
        None => store
            .portal_configurations
            .get(&session.configuration)
            .is_some_and(|configuration| configuration.has(feature)),
    }
}

pub(super) fn subscription_sections(
    store: &Store,
    session: &PortalSession,
    subscription: &Subscription,
) -> String {
    let price = store.price_or_unlisted(&subscription.price);
    let end = calendar::date(subscription.current_period_end);
    let is_ending = subscription.cancel_at_period_end || subscription.cancel_at.is_some();
    let verb = if is_ending { "Ends" } else { "Renews" };
    let mut html = format!(
        "<p>{} × {}. Status: {}. {verb} on {end}.</p>",
        subscription.quantity.max(1),
        html::escape(&price.words()),
        html::escape(&subscription.status),
    );
    let action = format!("/portal/{}", session.id);
    if wants(store, session, "subscription_update") {
        html.push_str(&plan_section(store, session, subscription, &action));
    }
    if wants(store, session, "subscription_cancel") {
        html.push_str(&if is_ending {
            html::button(
                &format!("{action}/keep"),
                "keep",
                "true",
                "Keep subscription",
            )
        } else {
            cancel_section(&action)
        });
    }
    html
}

fn plan_section(
    store: &Store,
    session: &PortalSession,
    subscription: &Subscription,
    action: &str,
) -> String {
    let confirmed = session
        .flow
        .as_ref()
        .and_then(|flow| flow.item.as_ref())
        .map(|(price, _)| price.as_str());
    let configuration = store.portal_configurations.get(&session.configuration);
    let options: Vec<_> = store
        .prices
        .values()
        .filter(|price| match confirmed {
            Some(id) => price.id == id,
            None => {
                price.active
                    && configuration.is_some_and(|configuration| configuration.offers(&price.id))
            }
        })
        .map(|price| {
            let product = store.products.get(&price.product);
            let name = product.map_or(price.id.as_str(), |product| product.name.as_str());
            (price.id.clone(), format!("{name}, {}", price.words()))
        })
        .collect();
    let chosen = confirmed.unwrap_or(&subscription.price);
    format!(
        "<section><h2>Plan</h2><form method=\"post\" action=\"{action}/plan\">{}\
         <button>Change plan</button></form></section>",
        html::radios("price", "Price", &options, chosen)
    )
}

fn cancel_section(action: &str) -> String {
    let reasons: String = [
        ("too_expensive", "It is too expensive"),
        ("missing_features", "It lacks something"),
        ("unused", "I do not use it"),
        ("other", "Something else"),
    ]
    .map(|(value, text)| format!("<option value=\"{value}\">{text}</option>"))
    .concat();
    format!(
        "<section><h2>Cancel</h2><form method=\"post\" action=\"{action}/cancel\">\
         <label>Reason <select name=\"feedback\">{reasons}</select></label>{}\
         <button>Cancel subscription</button></form></section>",
        html::input("comment", "Comment", "")
    )
}

pub(super) fn card_section(store: &Store, session: &PortalSession) -> String {
    let current = store
        .card_of(&session.customer, "")
        .and_then(|(id, _)| store.payment_methods.get(&id))
        .map_or_else(|| "None yet".to_owned(), |method| method.words());
    format!(
        "<section><h2>Card</h2><p>{current}.</p><form method=\"post\" \
         action=\"/portal/{}/card\">{}<button>Save card</button></form></section>",
        session.id,
        html::cards()
    )
}

pub(super) fn address_section(store: &Store, session: &PortalSession) -> String {
    let customer = store.customers.get(&session.customer);
    let address = customer
        .and_then(|customer| customer.address.clone())
        .unwrap_or_default();
    let name = customer.and_then(|customer| customer.name.clone());
    let tax_id = store
        .tax_ids
        .values()
        .rfind(|tax_id| tax_id.customer == session.customer)
        .map(|tax_id| tax_id.value.clone());
    let fields: String = [
        ("name", "Name", name),
        ("line1", "Address", address.line1),
        ("city", "City", address.city),
        ("postal_code", "Postal code", address.postal_code),
        ("country", "Country", address.country),
        ("tax_id", "Tax ID", tax_id),
    ]
    .map(|(name, label, value)| html::input(name, label, value.as_deref().unwrap_or_default()))
    .concat();
    format!(
        "<section><h2>Address</h2><form method=\"post\" action=\"/portal/{}/address\">{fields}\
         <button>Save address</button></form></section>",
        session.id
    )
}

pub(super) fn invoices_section(store: &Store, session: &PortalSession) -> String {
    let rows: String = store
        .invoices
        .values()
        .rev()
        .filter(|invoice| invoice.customer == session.customer)
        .map(|invoice| {
            format!(
                "<tr><td><a href=\"/invoice/{}\">{}</a></td><td>{}</td><td>{}</td></tr>",
                html::escape(&invoice.id),
                html::escape(invoice.number.as_deref().unwrap_or(&invoice.id)),
                html::escape(&invoice.status),
                money::format(invoice.amount_due, &invoice.currency)
            )
        })
        .collect();
    format!(
        "<section><h2>Invoices</h2><table><thead><tr><th>Invoice</th><th>Status</th>\
         <th>Amount</th></tr></thead><tbody>{rows}</tbody></table></section>"
    )
}
