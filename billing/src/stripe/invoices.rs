use serde_json::Value;
use stripe_billing::invoice::{
    CreatePreviewInvoice, CreatePreviewInvoiceSubscriptionDetails,
    CreatePreviewInvoiceSubscriptionDetailsItems,
    CreatePreviewInvoiceSubscriptionDetailsProrationBehavior, ListInvoice,
};

use super::{Stripe, json::Object};
use crate::{
    domain::{Invoice, InvoicePage, Money},
    error::Result,
    gateway::RemoteItem,
};

/// Invoices on a page.
const INVOICES: i64 = 20;

impl Stripe {
    /// A customer's invoices, the newest first, behind the invoice `after`.
    pub async fn list_invoices(&self, customer: &str, after: Option<&str>) -> Result<InvoicePage> {
        let mut question = ListInvoice::new().customer(customer).limit(INVOICES);
        if let Some(after) = after {
            question = question.starting_after(after);
        }
        let Some(found) = self.find(&question).await? else {
            return Ok(InvoicePage::default());
        };
        let found = Object(&found);
        let invoices: Vec<_> = found.list("data").iter().filter_map(read).collect();
        Ok(InvoicePage {
            next: invoices
                .last()
                .filter(|_| found.is("has_more"))
                .map(|last| last.id.clone()),
            invoices,
        })
    }

    /// What would be charged at once if an item went to another price now; `None`: Stripe's
    /// answer has no amount.
    pub async fn preview_change(
        &self,
        subscription: &str,
        item: &RemoteItem,
        price: &str,
    ) -> Result<Option<Money>> {
        let mut items = CreatePreviewInvoiceSubscriptionDetailsItems::new();
        items.id = Some(item.id.clone());
        items.price = Some(price.to_owned());
        items.quantity = Some(item.quantity);
        let mut details = CreatePreviewInvoiceSubscriptionDetails::new();
        details.items = Some(vec![items]);
        details.proration_behavior =
            Some(CreatePreviewInvoiceSubscriptionDetailsProrationBehavior::AlwaysInvoice);
        let question = CreatePreviewInvoice::new()
            .subscription(subscription)
            .subscription_details(details);
        // A preview changes nothing: it may be asked for again.
        let key = uuid::Uuid::now_v7().to_string();
        let preview = self.order(&question, &key).await?;
        let preview = Object(&preview);
        // Beyond what is due, a credit is left over.
        Ok(preview
            .money("total")
            .filter(|total| total.minor < 0)
            .or_else(|| preview.money("amount_due")))
    }
}

fn read(value: &Value) -> Option<Invoice> {
    let invoice = Object(value);
    Some(Invoice {
        id: invoice.owned("id")?,
        number: invoice.owned("number"),
        status: invoice.owned("status"),
        total: invoice
            .money("total")
            .or_else(|| invoice.money("amount_due")),
        remaining: invoice.money("amount_remaining"),
        created: invoice.moment("created"),
        hosted_url: invoice
            .owned("hosted_invoice_url")
            .filter(|url| is_web_address(url)),
        pdf_url: invoice
            .owned("invoice_pdf")
            .filter(|url| is_web_address(url)),
    })
}

/// These become links on a page.
fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
