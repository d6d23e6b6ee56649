//! Whether the Stripe fake says what Stripe says: Stripe's own library writes the requests and
//! reads the answers, over real HTTP. The product reads JSON more leniently, so it would not
//! notice a field that is missing.

use std::{collections::HashMap, io::Cursor};

use fake_stripe::{Card, Config, FakeStripe};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use miniserde::{Deserialize, json::from_str};
use stripe_billing::{
    BillingPortalConfiguration, BillingPortalSession,
    billing_portal_session::CreateBillingPortalSession,
    invoice::{
        CreatePreviewInvoice, CreatePreviewInvoiceSubscriptionDetails,
        CreatePreviewInvoiceSubscriptionDetailsItems, ListInvoice,
    },
    subscription::{
        CancelSubscription, ListSubscription, RetrieveSubscription, UpdateSubscription,
        UpdateSubscriptionItems, UpdateSubscriptionPaymentBehavior,
    },
    subscription_schedule::{CreateSubscriptionSchedule, ReleaseSubscriptionSchedule},
};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionSubscriptionData,
    ExpireCheckoutSession, RetrieveCheckoutSession,
};
use stripe_client_core::{StripeMethod, StripeRequest};
use stripe_core::{
    customer::{CreateCustomer, DeleteCustomer, RetrieveCustomer, SearchCustomer},
    event::ListEvent,
};
use stripe_product::{
    price::{CreatePrice, CreatePriceRecurring, CreatePriceRecurringInterval, ListPrice},
    product::{CreateProduct, RetrieveProduct},
};
use stripe_shared::{CheckoutSessionMode, CheckoutSessionStatus, SubscriptionStatus};
use stripe_webhook::Webhook;

const SECRET: &str = "whsec_of_these_tests";
const DAY: i64 = 24 * 60 * 60;

struct Fixture {
    stripe: FakeStripe,
}

impl Fixture {
    async fn start() -> Self {
        let stripe = FakeStripe::start(Config::default()).await;
        Self {
            stripe: stripe.expect("a free port"),
        }
    }

    /// Sends what the library wrote; the answer is what the library expects.
    async fn ask<R: StripeRequest>(&self, request: R) -> R::Output
    where
        R::Output: Deserialize,
    {
        let built = request.build();
        let method = match built.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let query = built.query.map(|query| format!("?{query}"));
        let target = format!("v1{}{}", built.path, query.unwrap_or_default());
        let text = self
            .send(method, &target, built.body.unwrap_or_default())
            .await;
        read(&text)
    }

    async fn send(&self, method: Method, target: &str, form: String) -> String {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{target}", self.stripe.url()))
            .header("authorization", "Bearer sk_test_fake")
            .body(Full::new(Cursor::new(form.into_bytes())))
            .expect("a request");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let answer = client.request(request).await.expect("an answer");
        let body = answer.into_body().collect().await.expect("a body");
        String::from_utf8(body.to_bytes().to_vec()).expect("text")
    }

    /// A call for which the product needs no builder of the library.
    async fn post<T: Deserialize>(&self, target: &str, form: &str) -> T {
        read(&self.send(Method::POST, target, form.to_owned()).await)
    }

    async fn get<T: Deserialize>(&self, target: &str) -> T {
        read(&self.send(Method::GET, target, String::new()).await)
    }

    async fn customer(&self) -> String {
        let form = "name=Acme&payment_method=pm_card_visa";
        let customer: stripe_shared::Customer = self.post("v1/customers", form).await;
        customer.id.to_string()
    }

    async fn subscribe(&self, customer: &str) -> stripe_shared::Subscription {
        let form = format!("customer={customer}&items[0][price]=price_pro_month");
        self.post("v1/subscriptions", &form).await
    }
}

/// Reads as the library does.
fn read<T: Deserialize>(text: &str) -> T {
    from_str(text).unwrap_or_else(|_| panic!("not a {}: {text}", std::any::type_name::<T>()))
}

fn item(subscription: &stripe_shared::Subscription, price: &str) -> UpdateSubscriptionItems {
    let mut item = UpdateSubscriptionItems::new();
    item.id = Some(subscription.items.data[0].id.to_string());
    item.price = Some(price.to_owned());
    item
}

#[tokio::test]
async fn customers_are_made_found_and_deleted() {
    let fixture = Fixture::start().await;
    let made = fixture
        .ask(CreateCustomer::new().name("Acme").metadata(HashMap::from([(
            "organization_id".to_owned(),
            "7".to_owned(),
        )])))
        .await;
    let found = fixture
        .ask(SearchCustomer::new("metadata['organization_id']:'7'"))
        .await;
    assert_eq!(found.data[0].id, made.id);
    let tax_id: stripe_shared::TaxId = fixture
        .post(
            &format!("v1/customers/{}/tax_ids", made.id),
            "type=eu_vat&value=ATU12345678",
        )
        .await;
    assert_eq!(tax_id.value, "ATU12345678");
    fixture.ask(DeleteCustomer::new(made.id.clone())).await;
    let gone = fixture.ask(RetrieveCustomer::new(made.id)).await;
    assert!(
        matches!(
            gone,
            stripe_core::customer::RetrieveCustomerReturned::DeletedCustomer(_)
        ),
        "{gone:?}"
    );
}

#[tokio::test]
async fn a_catalog_is_made_and_read() {
    let fixture = Fixture::start().await;
    let product = fixture
        .ask(CreateProduct::new("Pro").id("orghub_pro"))
        .await;
    let price = fixture
        .ask(
            CreatePrice::new(stripe_types::Currency::JPY)
                .product(product.id.as_str())
                .unit_amount(7000)
                .recurring(CreatePriceRecurring::new(
                    CreatePriceRecurringInterval::Year,
                ))
                .lookup_key("pro_year")
                .transfer_lookup_key(true),
        )
        .await;
    let listed = fixture
        .ask(
            ListPrice::new()
                .active(true)
                .lookup_keys(["pro_year".to_owned()]),
        )
        .await;
    assert_eq!(listed.data[0].id, price.id);
    assert_eq!(listed.data[0].currency, stripe_types::Currency::JPY);
    fixture.ask(RetrieveProduct::new("prod_ultra")).await;
    let coupon: stripe_shared::Coupon = fixture
        .post("v1/coupons", "percent_off=12.5&duration=forever")
        .await;
    assert_eq!(coupon.percent_off, Some(12.5));
}

#[tokio::test]
async fn a_checkout_leads_to_a_subscription() {
    let fixture = Fixture::start().await;
    let customer = fixture.customer().await;
    let order = || {
        let mut line = CreateCheckoutSessionLineItems::new();
        line.price = Some("price_pro_month".to_owned());
        line.quantity = Some(1);
        let mut subscription = CreateCheckoutSessionSubscriptionData::new();
        subscription.trial_period_days = Some(14);
        CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Subscription)
            .customer(customer.as_str())
            .line_items(vec![line])
            .subscription_data(subscription)
            .success_url("http://shop.test/?s={CHECKOUT_SESSION_ID}")
            .cancel_url("http://shop.test/")
    };
    let session = fixture.ask(order()).await;
    assert_eq!(session.status, Some(CheckoutSessionStatus::Open));
    assert!(
        fixture
            .stripe
            .pay_checkout(session.id.as_str(), Card::Works)
    );
    let question = RetrieveCheckoutSession::new(session.id)
        .expand(["subscription".to_owned(), "line_items".to_owned()].to_vec());
    let paid = fixture.ask(question).await;
    let subscription = paid.subscription.expect("it is attached");
    let subscription = subscription.as_object().expect("it is expanded");
    assert_eq!(subscription.status, SubscriptionStatus::Trialing);
    let other = fixture.ask(order()).await;
    let expired = fixture.ask(ExpireCheckoutSession::new(other.id)).await;
    assert_eq!(expired.status, Some(CheckoutSessionStatus::Expired));
}

#[tokio::test]
async fn a_subscription_is_read_in_all_its_states() {
    let fixture = Fixture::start().await;
    let customer = fixture.customer().await;
    fixture
        .post::<stripe_shared::Coupon>("v1/coupons", "id=half&percent_off=50&duration=forever")
        .await;
    let made = fixture.subscribe(&customer).await;
    let id = made.id.to_string();
    let preview = fixture
        .ask({
            let mut items = CreatePreviewInvoiceSubscriptionDetailsItems::new();
            items.id = Some(made.items.data[0].id.to_string());
            items.price = Some("price_ultra_month".to_owned());
            let mut details = CreatePreviewInvoiceSubscriptionDetails::new();
            details.items = Some(vec![items]);
            CreatePreviewInvoice::new()
                .subscription(id.as_str())
                .subscription_details(details)
        })
        .await;
    assert!(preview.amount_due > 0);

    // Discounted, paused, with a schedule, and with a change that waits for its payment.
    fixture.stripe.set_card(&customer, Card::NeedsAction);
    fixture
        .ask(
            UpdateSubscription::new(id.as_str())
                .items(vec![item(&made, "price_ultra_year")])
                .payment_behavior(UpdateSubscriptionPaymentBehavior::PendingIfIncomplete),
        )
        .await;
    fixture
        .post::<stripe_shared::Subscription>(
            &format!("v1/subscriptions/{id}"),
            "discounts[0][coupon]=half&pause_collection[behavior]=void",
        )
        .await;
    let schedule = fixture
        .ask(CreateSubscriptionSchedule::new().from_subscription(id.as_str()))
        .await;
    let question = ListSubscription::new().customer(customer.as_str()).expand(
        [
            "data.schedule",
            "data.discounts.source.coupon",
            "data.latest_invoice.payments.data.payment.payment_intent",
            "data.customer",
        ]
        .map(str::to_owned),
    );
    let listed = fixture.ask(question).await;
    let read = &listed.data[0];
    assert!(read.pending_update.is_some() && read.pause_collection.is_some());
    let expanded = read
        .schedule
        .as_ref()
        .and_then(|schedule| schedule.as_object());
    assert_eq!(expanded.map(|expanded| &expanded.id), Some(&schedule.id));
    assert!(read.discounts[0].as_object().is_some());
    let invoice = read
        .latest_invoice
        .as_ref()
        .and_then(|invoice| invoice.as_object());
    let payments = invoice.and_then(|invoice| invoice.payments.as_ref());
    assert_eq!(payments.map(|payments| payments.data.len()), Some(1));

    let released = fixture
        .ask(ReleaseSubscriptionSchedule::new(schedule.id))
        .await;
    assert!(released.released_at.is_some());
    let ended = fixture.ask(CancelSubscription::new(id.as_str())).await;
    assert_eq!(ended.status, SubscriptionStatus::Canceled);
    fixture.ask(RetrieveSubscription::new(id)).await;
}

#[tokio::test]
async fn money_that_moved_is_read() {
    let fixture = Fixture::start().await;
    let customer = fixture.customer().await;
    fixture.subscribe(&customer).await;
    let invoices = fixture
        .ask(ListInvoice::new().customer(customer.as_str()).limit(20))
        .await;
    let invoice = &invoices.data[0];
    let id = invoice.id.as_ref().expect("no preview").to_string();
    assert_eq!(invoice.lines.data.len(), 1);
    let payments: stripe_types::List<stripe_shared::InvoicePayment> = fixture
        .get(&format!("v1/invoice_payments?invoice={id}"))
        .await;
    let intent = &payments.data[0].payment.payment_intent;
    let intent = intent.as_ref().expect("a payment intent").id().to_string();
    let read: stripe_shared::PaymentIntent = fixture
        .get(&format!(
            "v1/payment_intents/{intent}?expand[0]=latest_charge"
        ))
        .await;
    assert_eq!(read.amount_received, 4900);
    let refund: stripe_shared::Refund = fixture
        .post("v1/refunds", &format!("payment_intent={intent}&amount=900"))
        .await;
    let charge = refund.charge.expect("of a charge").id().to_string();
    let charge: stripe_shared::Charge = fixture.get(&format!("v1/charges/{charge}")).await;
    assert_eq!(charge.amount_refunded, 900);
    let dispute = fixture.stripe.dispute(&id);
    let dispute: stripe_shared::Dispute = fixture.get(&format!("v1/disputes/{dispute}")).await;
    assert_eq!(dispute.amount, 4900);
    let methods: stripe_types::List<stripe_shared::PaymentMethod> = fixture
        .get(&format!("v1/customers/{customer}/payment_methods"))
        .await;
    assert!(methods.data[0].card.is_some());
}

#[tokio::test]
async fn portal_and_clocks_are_read() {
    let fixture = Fixture::start().await;
    let customer = fixture.customer().await;
    let configuration: BillingPortalConfiguration = fixture
        .post(
            "v1/billing_portal/configurations",
            "features[invoice_history][enabled]=true&metadata[orghub]=portal",
        )
        .await;
    assert!(configuration.features.invoice_history.enabled);
    let session: BillingPortalSession = fixture
        .ask(CreateBillingPortalSession::new().customer(customer.as_str()))
        .await;
    assert!(session.url.starts_with(&fixture.stripe.url()));
    let flow = format!("customer={customer}&flow_data[type]=payment_method_update");
    let with_flow: BillingPortalSession = fixture.post("v1/billing_portal/sessions", &flow).await;
    assert!(with_flow.flow.is_some());
    let clock: stripe_shared::TestHelpersTestClock = fixture
        .post("v1/test_helpers/test_clocks", "frozen_time=1800000000")
        .await;
    assert_eq!(clock.frozen_time, 1_800_000_000);
}

#[tokio::test]
async fn the_library_reads_every_event_that_says_something_about_a_subscription() {
    let fixture = Fixture::start().await;
    let customer = fixture.customer().await;
    let made = fixture.subscribe(&customer).await;
    let id = made.id.to_string();
    fixture.stripe.set_card(&customer, Card::NeedsAction);
    fixture.stripe.advance(32 * DAY);
    fixture.stripe.set_card(&customer, Card::Declined);
    fixture.stripe.advance(10 * DAY);
    fixture.ask(CancelSubscription::new(id)).await;
    let wanted = [
        "customer.created",
        "customer.updated",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice.payment_action_required",
        "payment_intent.succeeded",
        "charge.failed",
    ];
    let mut read = Vec::new();
    for event in fixture.stripe.take_events(SECRET) {
        let envelope: serde_json::Value =
            serde_json::from_str(&event.payload).expect("an event is JSON");
        let event_type = envelope["type"].as_str().expect("it has a type").to_owned();
        if wanted.contains(&event_type.as_str()) {
            let understood = Webhook::construct_event(&event.payload, &event.signature, SECRET);
            assert!(
                understood.is_ok(),
                "{event_type}: {understood:?}\n{}",
                event.payload
            );
            read.push(event_type);
        }
    }
    for event_type in wanted {
        assert!(read.iter().any(|read| read == event_type), "{event_type}");
    }
    let question = ListEvent::new()
        .types(["customer.subscription.deleted".to_owned()].to_vec())
        .delivery_success(false);
    assert_eq!(fixture.ask(question).await.data.len(), 1);
}
