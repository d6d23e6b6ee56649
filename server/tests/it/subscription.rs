//! The pages of a subscription, over real HTTP to the Stripe fake: what they show, what their
//! forms do, and what is left of them when Stripe is away.

use fake_stripe::{Card, Failure, FakeStripe};
use http::StatusCode;
use orghub::{
    config::{AppEnv, WebhookSecret},
    domain::{OrgId, OrgSlug, Role},
    routes::{OrgPage, api},
};
use orghub_test_support::under_lease;
use serde_json::json;
use time::Duration;

use crate::site::{Answer, Cost, Site, Visitor};

const SECRET: &str = "whsec_of_this_test";

/// Who reads the page at a time, besides its owner, and how often each.
const READERS: usize = 15;
const ROUNDS: usize = 10;

/// A site with the organization `acme`, its Stripe, and the organization's owner.
struct Acme {
    site: Site,
    stripe: FakeStripe,
    org: OrgId,
    owner: Visitor,
}

impl Acme {
    async fn start() -> Self {
        let stripe = FakeStripe::start(fake_stripe::Config::default())
            .await
            .expect("the fake listens");
        let site = Site::start_with(|config| {
            config.stripe.api_base = Some(stripe.url());
            config.stripe.webhook_secrets =
                WebhookSecret::parse_list(SECRET, AppEnv::Development).expect("a secret");
        })
        .await;
        let ada = site.app.user("Ada").await;
        let org = site.org("acme", &ada).await;
        let owner = site.sign_in(&ada).await;
        Self {
            site,
            stripe,
            org,
            owner,
        }
    }

    /// One that pays for `plan` by the month, and had its trial.
    async fn paying(plan: &str) -> Self {
        let mut acme = Self::start().await;
        acme.buy(plan).await;
        acme.site
            .app
            .sql("update billing_customer set trial_used_at = now()")
            .await;
        // The trial ends, and the first month is paid.
        acme.stripe.advance(15 * 24 * 3600);
        acme.deliver().await;
        let page = acme.open(OrgPage::Subscription).await;
        assert_eq!(page.attribute("data-status"), "active", "{}", page.body);
        acme
    }

    async fn member(&self, name: &str, role: Role) -> Visitor {
        let user = self.site.app.user(name).await;
        self.site.app.add_member(self.org, &user, role).await;
        self.site.sign_in(&user).await
    }

    async fn open(&mut self, page: OrgPage) -> Answer {
        self.owner.open(&path(page)).await
    }

    /// Begins a checkout, and returns the id of Stripe's session.
    async fn check_out(&mut self, plan: &str) -> String {
        let fields = [("org", "acme"), ("plan", plan), ("interval", "month")];
        let answer = self.owner.submit(api::START_CHECKOUT, &fields).await;
        assert_eq!(answer.location(), path(OrgPage::ToStripe));
        let page = self.open(OrgPage::ToStripe).await;
        let refresh = page.header("refresh");
        let address = refresh.strip_prefix("0; url=").expect("it goes on");
        assert!(address.starts_with(&self.stripe.url()), "{address}");
        assert!(page.body.contains(address), "and a link does, too");
        let (_, session) = address.rsplit_once('/').expect("a session");
        session.to_owned()
    }

    /// Buys and pays, and comes back.
    async fn buy(&mut self, plan: &str) -> Answer {
        let session = self.check_out(plan).await;
        self.stripe.pay_checkout(&session, Card::Works);
        let done = format!("{}?session={session}", path(OrgPage::CheckoutDone));
        self.owner.open(&done).await
    }

    /// Lets every event that happened at Stripe arrive.
    async fn deliver(&self) {
        for event in self.stripe.take_events(SECRET) {
            let billing = &self.site.app.services.billing;
            let received = billing.receive_webhook(event.payload.as_bytes(), &event.signature);
            received.await.expect("it is taken");
        }
    }

    /// The subscription's id at Stripe.
    fn subscription(&self) -> String {
        let subscriptions = self.stripe.subscriptions();
        subscriptions.last().expect("there is one").id.clone()
    }

    /// Has the subscription look so wherever Stripe sends it, and announces it.
    async fn patch(&self, patch: serde_json::Value) {
        let id = self.subscription();
        self.stripe.patch(&id, patch);
        let event = self
            .stripe
            .event("customer.subscription.updated", &id, SECRET);
        let billing = &self.site.app.services.billing;
        let received = billing.receive_webhook(event.payload.as_bytes(), &event.signature);
        received.await.expect("it is taken");
    }
}

fn path(page: OrgPage) -> String {
    page.path(&OrgSlug::parse("acme").expect("a slug"))
}

#[tokio::test]
async fn a_plan_is_bought_at_stripes_price_and_shown_when_the_buyer_comes_back() {
    let mut acme = Acme::start().await;
    let plans = acme.open(OrgPage::Plans).await;
    assert_eq!(plans.count("data-price="), 4, "{}", plans.body);
    for amount in ["49.00 USD a month", "1,000.00 USD a year"] {
        assert!(plans.body.contains(amount), "{amount}");
    }
    assert!(
        plans.body.contains("data-trial"),
        "the first one has a trial"
    );

    let done = acme.buy("pro").await;
    assert_eq!(
        done.attribute("data-outcome"),
        "subscribed",
        "{}",
        done.body
    );
    let page = acme.open(OrgPage::Subscription).await;
    assert_eq!(page.attribute("data-plan"), "pro");
    assert_eq!(page.attribute("data-status"), "trialing");
    assert!(page.body.contains("49.00 USD a month"), "{}", page.body);

    let again = acme.open(OrgPage::ToStripe).await;
    assert_eq!(
        again.location(),
        path(OrgPage::Subscription),
        "it led there once"
    );
    let plans = acme.open(OrgPage::Plans).await;
    assert_eq!(
        plans.count(api::START_CHECKOUT),
        0,
        "nothing is bought twice"
    );
    let fields = [("org", "acme"), ("plan", "ultra"), ("interval", "month")];
    let refused = acme.owner.submit(api::START_CHECKOUT, &fields).await;
    assert_eq!(refused.location(), path(OrgPage::Plans));
    let told = acme.open(OrgPage::Plans).await;
    assert_eq!(told.count("data-tone=\"bad\""), 1, "{}", told.body);
}

#[tokio::test]
async fn whoever_comes_back_without_paying_is_told_so() {
    let mut acme = Acme::start().await;
    let session = acme.check_out("pro").await;
    let done = format!("{}?session={session}", path(OrgPage::CheckoutDone));
    let page = acme.owner.open(&done).await;
    assert_eq!(page.attribute("data-outcome"), "open", "{}", page.body);
    let page = acme.open(OrgPage::Subscription).await;
    assert_eq!(page.attribute("data-status"), "free");
    assert_eq!(page.attribute("data-certainty"), "pending", "{}", page.body);
    let nobodys = format!("{}?session=cs_test_nobodys", path(OrgPage::CheckoutDone));
    let page = acme.owner.open(&nobodys).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND, "{}", page.body);
}

#[tokio::test]
async fn without_stripe_the_pages_that_ask_it_say_so_and_the_others_stay_as_they_are() {
    let mut acme = Acme::paying("pro").await;
    acme.stripe.fail(Failure::ServerError);
    // Prices are known for a while.
    acme.site.app.services.clock.advance(Duration::days(2));
    // The page that never asks Stripe says that it may be out of date, and no more.
    let after = acme.open(OrgPage::Subscription).await;
    assert_eq!(after.attribute("data-plan"), "pro");
    assert_eq!(
        after.attribute("data-certainty"),
        "delayed",
        "{}",
        after.body
    );
    for page in [OrgPage::Plans, OrgPage::Invoices, OrgPage::CancelPlan] {
        let answer = acme.open(page).await;
        assert_eq!(answer.status, StatusCode::OK, "{page:?}: {}", answer.body);
        assert_eq!(answer.count("<h1"), 1, "{page:?}");
    }
    let invoices = acme.open(OrgPage::Invoices).await;
    assert!(
        invoices.body.contains("does not answer right now"),
        "{}",
        invoices.body
    );
    let change = format!("{}?plan=ultra&interval=month", path(OrgPage::ChangePlan));
    let change = acme.owner.open(&change).await;
    assert_eq!(change.status, StatusCode::OK);
    assert_eq!(change.count("data-tone=\"bad\""), 1, "{}", change.body);
    let done = format!("{}?session=cs_test_1", path(OrgPage::CheckoutDone));
    let done = acme.owner.open(&done).await;
    assert_eq!(done.attribute("data-outcome"), "unknown", "{}", done.body);
    // A form comes back with what was typed.
    let fields = [
        ("org", "acme"),
        ("reason", "other"),
        ("comment", "we move on"),
    ];
    let answer = acme.owner.submit(api::CANCEL_SUBSCRIPTION, &fields).await;
    assert_eq!(answer.location(), path(OrgPage::CancelPlan));
    let form = acme.open(OrgPage::CancelPlan).await;
    assert!(form.body.contains("we move on"), "{}", form.body);
}

#[tokio::test]
async fn a_hanging_stripe_changes_nothing_for_whoever_reads_the_subscription() {
    let mut acme = Acme::paying("pro").await;
    if acme.site.app.services.config.near_cache_bytes == 0 {
        return; // Nothing is remembered, as asked.
    }
    acme.open(OrgPage::Subscription).await;
    let warm = acme.open(OrgPage::Subscription).await;
    assert_eq!(warm.cost(), Cost { sql: 0, redis: 0 });
    let asked = acme.stripe.requests().len();
    acme.open(OrgPage::Subscription).await;
    assert_eq!(acme.stripe.requests().len(), asked, "nor is Stripe asked");

    acme.stripe.fail(Failure::Hang);
    // Old enough to be compared, which hangs in the background.
    acme.site.app.services.clock.advance(Duration::minutes(6));
    for time in 1..=3 {
        let page = acme.open(OrgPage::Subscription).await;
        // The first one may find that what it knows of the reader has become old.
        if time > 1 {
            assert_eq!(page.cost(), Cost { sql: 0, redis: 0 });
        }
        assert_eq!(page.body, warm.body, "the page is what it was");
    }
}

#[tokio::test]
async fn while_stripe_hangs_a_crowd_of_readers_costs_nothing_and_asks_for_one_comparison() {
    let acme = Acme::paying("pro").await;
    if acme.site.app.services.config.near_cache_bytes == 0 {
        return; // Nothing is remembered, as asked.
    }
    let mut readers = vec![acme.owner.clone()];
    for number in 0..READERS {
        readers.push(acme.member(&format!("Max {number}"), Role::Member).await);
    }
    let page = path(OrgPage::Subscription);
    acme.stripe.fail(Failure::Hang);
    let asked = acme.stripe.requests().len();
    // Old enough to be compared, which hangs in the background.
    acme.site.app.services.clock.advance(Duration::minutes(6));
    let cache = &acme.site.app.services.cache;
    let costs = under_lease(cache, async || {
        for reader in &mut readers {
            reader.open(&page).await;
        }
        let mut costs = Vec::new();
        for _ in 0..ROUNDS {
            let looks = readers.iter_mut().map(|reader| reader.open(&page));
            for seen in futures::future::join_all(looks).await {
                assert_eq!(seen.status, StatusCode::OK);
                assert_eq!(seen.attribute("data-status"), "active");
                costs.push(seen.cost());
            }
        }
        costs
    })
    .await;
    assert!(
        costs.iter().all(|cost| *cost == Cost { sql: 0, redis: 0 }),
        "{costs:?}"
    );
    // One comparison, however many look; its question has three attempts.
    let asked_now = acme.stripe.requests().len();
    assert!(asked_now <= asked + 3, "{}", asked_now - asked);
}

#[tokio::test]
async fn cancelling_takes_a_reason_and_can_be_taken_back() {
    let mut acme = Acme::paying("pro").await;
    let fields = [
        ("org", "acme"),
        ("reason", ""),
        ("comment", "too dear</textarea><b>"),
    ];
    let refused = acme.owner.submit(api::CANCEL_SUBSCRIPTION, &fields).await;
    assert_eq!(refused.location(), path(OrgPage::CancelPlan));
    let form = acme.open(OrgPage::CancelPlan).await;
    assert!(form.body.contains("id=\"reason-error\""), "{}", form.body);
    assert!(
        form.body.contains("too dear&lt;/textarea&gt;&lt;b&gt;"),
        "{}",
        form.body
    );

    let fields = [
        ("org", "acme"),
        ("reason", "too_expensive"),
        ("comment", "dear"),
    ];
    let canceled = acme.owner.submit(api::CANCEL_SUBSCRIPTION, &fields).await;
    assert_eq!(canceled.location(), path(OrgPage::Subscription));
    let page = acme.open(OrgPage::Subscription).await;
    assert!(page.body.contains("Pro is canceled"), "{}", page.body);
    assert!(page.body.contains(api::RESTORE_SUBSCRIPTION));
    assert!(!page.body.contains(&path(OrgPage::CancelPlan)));
    assert_eq!(page.attribute("data-plan"), "pro", "what is paid for stays");

    let restored = acme
        .owner
        .submit(api::RESTORE_SUBSCRIPTION, &[("org", "acme")])
        .await;
    assert_eq!(restored.location(), path(OrgPage::Subscription));
    let page = acme.open(OrgPage::Subscription).await;
    assert!(!page.body.contains("Pro is canceled"), "{}", page.body);
    assert!(page.body.contains("Renews on"), "{}", page.body);
}

#[tokio::test]
async fn a_change_of_plan_is_shown_before_it_is_made() {
    let mut acme = Acme::paying("pro").await;
    let up = format!("{}?plan=ultra&interval=month", path(OrgPage::ChangePlan));
    let preview = acme.owner.open(&up).await;
    assert!(
        preview.body.contains("100.00 USD a month"),
        "{}",
        preview.body
    );
    assert!(preview.body.contains("At once"), "{}", preview.body);
    assert_eq!(preview.count("data-over"), 0, "there is room for everybody");
    let page = acme.open(OrgPage::Subscription).await;
    assert_eq!(page.attribute("data-plan"), "pro", "a look changes nothing");

    let fields = [
        ("org", "acme"),
        ("plan", "ultra"),
        ("interval", "month"),
        ("return_to", up.as_str()),
    ];
    let changed = acme.owner.submit(api::CHANGE_PLAN, &fields).await;
    assert_eq!(changed.location(), path(OrgPage::Subscription));
    let page = acme.open(OrgPage::Subscription).await;
    assert_eq!(page.attribute("data-plan"), "ultra", "{}", page.body);

    // Eleven members are one more than the smaller plan takes.
    acme.site.app.add_members(acme.org, 10).await;
    let down = format!("{}?plan=pro&interval=month", path(OrgPage::ChangePlan));
    let preview = acme.owner.open(&down).await;
    assert_eq!(preview.attribute("data-over"), "1", "{}", preview.body);
    assert!(preview.body.contains("11 of 10"), "{}", preview.body);
    let fields = [
        ("org", "acme"),
        ("plan", "pro"),
        ("interval", "month"),
        ("return_to", down.as_str()),
    ];
    acme.owner.submit(api::CHANGE_PLAN, &fields).await;
    let page = acme.open(OrgPage::Subscription).await;
    assert_eq!(page.attribute("data-plan"), "ultra", "it is paid for");
    assert_eq!(page.attribute("data-coming"), "pro", "{}", page.body);
    acme.owner
        .submit(api::TAKE_BACK_CHANGE, &[("org", "acme")])
        .await;
    let page = acme.open(OrgPage::Subscription).await;
    assert_eq!(page.count("data-coming"), 0, "{}", page.body);
}

#[tokio::test]
async fn the_page_shows_what_stripe_charges_and_no_list_price() {
    let acme = &mut Acme::paying("pro").await;
    acme.patch(json!({
        "status": "hibernating",
        "items": {"data": [{
            "id": "si_1", "object": "subscription_item", "quantity": 7,
            "current_period_start": 1_790_000_000, "current_period_end": 1_792_592_000,
            "price": {
                "id": "price_of_old", "object": "price", "currency": "jpy", "unit_amount": 5000,
                "lookup_key": null, "product": "prod_pro", "active": false,
                "recurring": {"interval": "month", "interval_count": 1}
            }
        }]}
    }))
    .await;
    let page = acme.open(OrgPage::Subscription).await;
    assert_eq!(
        page.attribute("data-status"),
        "hibernating",
        "{}",
        page.body
    );
    assert!(page.body.contains("35,000 JPY a month"), "{}", page.body);
    assert!(page.body.contains("5,000 JPY each"), "{}", page.body);
    assert!(page.body.contains("(UTC)"), "the zone is told");
    assert!(!page.body.contains("49.00"), "{}", page.body);
    assert_eq!(page.attribute("data-plan"), "free", "nothing is guessed");
}

#[tokio::test]
async fn paused_collection_is_said_in_words() {
    let acme = &mut Acme::paying("pro").await;
    acme.patch(json!({"pause_collection": {"behavior": "void", "resumes_at": null}}))
        .await;
    let page = acme.open(OrgPage::Subscription).await;
    assert!(page.body.contains("Collection is paused"), "{}", page.body);
    assert!(!page.body.contains("Renews on"), "{}", page.body);
}

#[tokio::test]
async fn the_contact_for_payments_is_whoever_pays_business() {
    let mut acme = Acme::start().await;
    let mut payer = acme.member("Bea", Role::Billing).await;
    let mut member = acme.member("Max", Role::Member).await;
    let page = path(OrgPage::Subscription);
    let refused = payer
        .submit(
            api::CHANGE_BILLING_CONTACT,
            &[("org", "acme"), ("email", "nonsense"), ("was", "")],
        )
        .await;
    assert_eq!(refused.location(), page);
    let form = payer.open(&page).await;
    assert!(
        form.body.contains("id=\"billing-contact-error\""),
        "{}",
        form.body
    );
    assert!(form.body.contains("value=\"nonsense\""), "{}", form.body);

    let fields = [("org", "acme"), ("email", "pay@acme.test"), ("was", "")];
    payer.submit(api::CHANGE_BILLING_CONTACT, &fields).await;
    for (reader, is_shown) in [
        (&mut payer, true),
        (&mut acme.owner, true),
        (&mut member, false),
    ] {
        let answer = reader.open(&page).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body.contains("pay@acme.test"), is_shown);
        assert_eq!(answer.body.contains(api::CHANGE_BILLING_CONTACT), is_shown);
        assert_eq!(answer.body.contains(&path(OrgPage::Plans)), is_shown);
    }
    // The owner's form was filled before.
    let stale = [("org", "acme"), ("email", "other@acme.test"), ("was", "")];
    acme.owner.submit(api::CHANGE_BILLING_CONTACT, &stale).await;
    let told = acme.open(OrgPage::Subscription).await;
    assert!(told.body.contains("Somebody changed this"), "{}", told.body);
    assert!(
        told.body.contains("value=\"pay@acme.test\""),
        "{}",
        told.body
    );
}

#[tokio::test]
async fn invoices_are_listed_with_their_documents_for_those_who_pay() {
    let mut acme = Acme::paying("pro").await;
    let mut payer = acme.member("Bea", Role::Billing).await;
    let page = payer.open(&path(OrgPage::Invoices)).await;
    assert!(page.count("data-invoice=") >= 1, "{}", page.body);
    assert!(page.body.contains("49.00 USD"), "{}", page.body);
    assert!(page.body.contains("data-status=\"paid\""), "{}", page.body);
    assert!(page.body.contains("/pdf"), "{}", page.body);
    let answer = payer
        .submit(
            api::OPEN_PORTAL,
            &[("org", "acme"), ("page", "payment_method")],
        )
        .await;
    assert_eq!(answer.location(), path(OrgPage::ToStripe));
    let onward = payer.open(&path(OrgPage::ToStripe)).await;
    assert!(onward.header("refresh").contains("/portal/"));
    let mut member = acme.member("Max", Role::Member).await;
    let answer = member.open(&path(OrgPage::Invoices)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        acme.open(OrgPage::Invoices)
            .await
            .body
            .contains("49.00 USD")
    );
}

#[tokio::test]
async fn what_a_webhook_brings_to_one_node_the_other_shows_at_once() {
    let mut acme = Acme::paying("pro").await;
    let node = acme.site.another_node().await;
    let mut elsewhere = node.receive(&acme.owner);
    let page = path(OrgPage::Subscription);
    assert_eq!(
        elsewhere.open(&page).await.attribute("data-status"),
        "active"
    );
    acme.patch(json!({"status": "past_due"})).await;
    let shown = elsewhere.open(&page).await;
    assert_eq!(shown.attribute("data-status"), "past_due");
    assert!(
        shown.body.contains("for as long as you like"),
        "what still works is told: {}",
        shown.body
    );
    assert_eq!(
        acme.open(OrgPage::Subscription)
            .await
            .attribute("data-status"),
        "past_due"
    );
}
