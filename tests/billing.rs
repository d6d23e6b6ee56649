//! The mirror of Stripe, against a real PostgreSQL and the Stripe fake over real HTTP: what
//! a webhook leads to, whatever is wrong with it, with Stripe, or with the timing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fake_stripe::{
    CheckoutSession, Customer, Failure, FakeStripe, Invoice, SignedEvent, Subscription,
    WebhookSwitches, sign,
};
use orghub::{
    access::OrgAccess,
    billing::WebhookOutcome,
    config::StripeConfig,
    domain::{BillingInterval, CurrentUser, Plan, SubscriptionView},
    error::{Error, Result},
    services::Services,
    test_hooks::DbInternals as _,
};
use orghub_test_support::{TestApp, eventually};
use sqlx::{Connection as _, PgConnection, postgres::PgAdvisoryLock};
use stripe_webhook::{Webhook, WebhookError};
use time::OffsetDateTime;

const SECRET: &str = "whsec_test";
const OLD_SECRET: &str = "whsec_being_replaced";
const CUSTOMER: &str = "cus_acme";
const SUBSCRIPTION: &str = "sub_acme";

/// An organization that pays as [`CUSTOMER`], a node, and Stripe.
struct Fixture {
    app: TestApp,
    stripe: FakeStripe,
    owner: CurrentUser,
    access: OrgAccess,
}

/// What the ledger has on an event.
#[derive(Debug, PartialEq, Eq)]
struct LedgerEntry {
    attempts: i32,
    processed: bool,
    error: Option<String>,
}

impl Fixture {
    async fn start() -> Self {
        let stripe = FakeStripe::start(fake_stripe::Config::default())
            .await
            .expect("a free port");
        let api_base = Some(stripe.url());
        let app = TestApp::start_with(|config| {
            config.stripe = StripeConfig {
                secret_key: "sk_test".into(),
                api_base,
                webhook_secrets: vec![SECRET.into(), OLD_SECRET.into()],
            };
        })
        .await;
        let owner = app.user("Olive").await;
        let slug = app.org("acme", &owner).await;
        let access = app.access(&owner, &slug).await;
        stripe.put_customer(Customer {
            id: CUSTOMER.into(),
            ..Customer::default()
        });
        let fixture = Self {
            app,
            stripe,
            owner,
            access,
        };
        fixture.attach(&fixture.access, CUSTOMER).await;
        fixture
    }

    /// [`Self::start`], with a Pro subscription that a webhook announced.
    async fn start_with_pro() -> Self {
        let fixture = Self::start().await;
        fixture.stripe.put_subscription(Subscription::active(
            SUBSCRIPTION,
            CUSTOMER,
            "price_pro_month",
        ));
        fixture.send("customer.subscription.created").await;
        fixture
    }

    async fn attach(&self, access: &OrgAccess, customer: &str) {
        sqlx::query(
            "insert into billing_customer (organization_id, stripe_customer_id) values ($1, $2)",
        )
        .bind(access.org_id().0)
        .bind(customer)
        .execute(self.app.services.db.pool())
        .await
        .expect("the customer is attached");
    }

    fn event(&self, event_type: &str, object: &str) -> SignedEvent {
        self.stripe.event(event_type, object, SECRET)
    }

    /// Changes [`SUBSCRIPTION`] at Stripe, and announces nothing.
    fn change(&self, change: impl FnOnce(&mut Subscription)) {
        self.stripe.change_subscription(SUBSCRIPTION, change);
    }

    /// Receives a new event about [`SUBSCRIPTION`].
    async fn send(&self, event_type: &str) {
        let outcome = self.accept(&self.event(event_type, SUBSCRIPTION)).await;
        assert_eq!(outcome, WebhookOutcome::Processed, "{event_type}");
    }

    async fn accept(&self, event: &SignedEvent) -> WebhookOutcome {
        self.receive(event).await.expect("the event is accepted")
    }

    async fn receive(&self, event: &SignedEvent) -> Result<WebhookOutcome> {
        self.app
            .services
            .billing
            .receive_webhook(event.payload.as_bytes(), &event.signature)
            .await
    }

    async fn view(&self) -> Arc<SubscriptionView> {
        view(&self.app.services, &self.access).await
    }

    async fn status(&self) -> String {
        self.view().await.status().to_owned()
    }

    async fn ledger(&self, event: &SignedEvent) -> Option<LedgerEntry> {
        let entry = sqlx::query_as(
            "select attempts, processed_at is not null, last_error
             from webhook_event
             where id = $1",
        )
        .bind(&event.id)
        .fetch_optional(self.app.services.db.pool())
        .await
        .expect("the ledger answers");
        entry.map(|(attempts, processed, error)| LedgerEntry {
            attempts,
            processed,
            error,
        })
    }

    /// Changes of the subscription in the audit log, oldest first.
    async fn logged_changes(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select detail
             from activity
             where kind = 'subscription.changed'
             order by created_at, id",
        )
        .fetch_all(self.app.services.db.pool())
        .await
        .expect("the audit log answers")
    }

    /// Makes the mirror so old that a page has it compared with Stripe.
    fn age_mirror(&self) {
        self.app.services.clock.advance(time::Duration::hours(2));
    }

    fn stripe_requests(&self) -> usize {
        self.stripe.requests().len()
    }
}

async fn view(services: &Services, access: &OrgAccess) -> Arc<SubscriptionView> {
    services
        .billing
        .get_org_subscription(access)
        .await
        .expect("there is a view")
}

/// Waits for background work.
async fn until(what: &str, is_so: impl AsyncFnMut() -> bool) {
    eventually(what, Duration::from_secs(8), is_so).await;
}

fn assert_refused(result: Result<WebhookOutcome>, what: &str) {
    match result {
        Err(Error::Invalid(invalid)) => {
            assert_eq!(invalid.field.as_deref(), Some("stripe-signature"), "{what}")
        }
        other => panic!("{what}: {other:?}"),
    }
}

// From a webhook to the page.

#[tokio::test]
async fn the_next_page_on_every_node_shows_what_a_webhook_announced() {
    let fixture = Fixture::start().await;
    let other_node = fixture.app.another_node().await;
    assert_eq!(
        (fixture.status().await.as_str(), fixture.view().await.limits),
        ("free", Plan::Free.limits())
    );
    assert_eq!(view(&other_node, &fixture.access).await.status(), "free");

    fixture.stripe.put_subscription(Subscription::active(
        SUBSCRIPTION,
        CUSTOMER,
        "price_pro_year",
    ));
    fixture.send("customer.subscription.created").await;
    let seen = fixture.view().await;
    let subscription = seen.subscription.as_ref().expect("it is mirrored");
    assert_eq!(
        (seen.plan(), subscription.interval, seen.status()),
        (Plan::Pro, BillingInterval::Year, "active")
    );
    assert!(
        subscription
            .current_period_end
            .is_some_and(|end| end > fixture.app.services.clock.now())
    );

    fixture.change(|subscription| subscription.price = "price_ultra_month".into());
    fixture.send("customer.subscription.updated").await;
    for services in [&fixture.app.services, &other_node] {
        let seen = view(services, &fixture.access).await;
        assert_eq!(
            (seen.plan(), seen.limits),
            (Plan::Ultra, Plan::Ultra.limits())
        );
    }
    assert_eq!(
        fixture.logged_changes().await,
        ["Pro, active", "Ultra, active"]
    );
}

#[tokio::test]
async fn every_event_that_matters_leads_to_a_comparison() {
    let fixture = Fixture::start_with_pro().await;
    fixture.stripe.put_invoice(Invoice {
        id: "in_1".into(),
        customer: CUSTOMER.into(),
        subscription: SUBSCRIPTION.into(),
        status: "paid".into(),
        amount_due: 4900,
        created: 1_700_000_000,
    });
    fixture.stripe.put_checkout_session(CheckoutSession {
        id: "cs_1".into(),
        customer: Some(CUSTOMER.into()),
        subscription: Some(SUBSCRIPTION.into()),
        metadata: [].into(),
        created: 1_700_000_000,
    });
    for (event_type, object) in [
        ("customer.subscription.created", SUBSCRIPTION),
        ("customer.subscription.updated", SUBSCRIPTION),
        ("customer.subscription.deleted", SUBSCRIPTION),
        ("checkout.session.completed", "cs_1"),
        ("invoice.paid", "in_1"),
        ("invoice.payment_failed", "in_1"),
    ] {
        let event = fixture.event(event_type, object);
        // The fake says what Stripe says: the library itself understands it.
        Webhook::construct_event(&event.payload, &event.signature, SECRET).expect(event_type);
        let asked_before = fixture.stripe_requests();
        assert_eq!(
            fixture.receive(&event).await.expect(event_type),
            WebhookOutcome::Processed,
            "{event_type}"
        );
        assert_eq!(fixture.stripe_requests(), asked_before + 1, "{event_type}");
        let done = LedgerEntry {
            attempts: 1,
            processed: true,
            error: None,
        };
        assert_eq!(fixture.ledger(&event).await, Some(done), "{event_type}");
    }
    assert_eq!(
        fixture.logged_changes().await,
        ["Pro, active"],
        "nothing changed but the first time"
    );
}

#[tokio::test]
async fn other_events_are_acknowledged_and_kept() {
    let fixture = Fixture::start().await;
    let event = fixture.event("customer.updated", CUSTOMER);
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Ignored);
    assert_eq!(
        fixture.ledger(&event).await,
        Some(LedgerEntry {
            attempts: 1,
            processed: true,
            error: None
        })
    );
    assert_eq!(fixture.stripe_requests(), 0);
}

#[tokio::test]
async fn a_new_customer_is_known_by_the_organization_in_the_metadata() {
    let fixture = Fixture::start().await;
    let other = fixture.app.org("globex", &fixture.owner).await;
    let other = fixture.app.access(&fixture.owner, &other).await;
    let bought_for = |id: &str, customer: &str, org: String| {
        fixture.stripe.put_customer(Customer {
            id: customer.into(),
            ..Customer::default()
        });
        let mut subscription = Subscription::active(id, customer, "price_ultra_month");
        subscription.metadata.insert("organization_id".into(), org);
        fixture.stripe.put_subscription(subscription);
        fixture.event("customer.subscription.created", id)
    };

    let event = bought_for("sub_globex", "cus_globex", other.org_id().to_string());
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Processed);
    assert_eq!(
        view(&fixture.app.services, &other).await.plan(),
        Plan::Ultra
    );

    // One organization pays as one customer, and a deleted one pays for nothing.
    let second = bought_for(
        "sub_second",
        "cus_second",
        fixture.access.org_id().to_string(),
    );
    assert_eq!(fixture.accept(&second).await, WebhookOutcome::Ignored);
    assert_eq!(fixture.status().await, "free");
    let gone = bought_for(
        "sub_gone",
        "cus_gone",
        orghub::domain::OrgId::new().to_string(),
    );
    assert_eq!(fixture.accept(&gone).await, WebhookOutcome::Ignored);
}

#[tokio::test]
async fn every_state_is_mirrored_as_stripe_has_it() {
    let fixture = Fixture::start_with_pro().await;
    let end = fixture
        .view()
        .await
        .subscription
        .as_ref()
        .and_then(|subscription| subscription.current_period_end);
    let end = end.expect("known").unix_timestamp();
    type Change = Box<dyn FnOnce(&mut Subscription)>;
    let changes: [(&str, Change, Plan); 6] = [
        (
            "trialing",
            Box::new(move |s| s.trial_end = Some(end)),
            Plan::Pro,
        ),
        ("past_due", Box::new(|_| {}), Plan::Pro),
        // The portal's way to say "at the end of the period" under flexible billing.
        (
            "active",
            Box::new(move |s| s.cancel_at = Some(end)),
            Plan::Pro,
        ),
        ("unpaid", Box::new(|_| {}), Plan::Free),
        ("paused", Box::new(|_| {}), Plan::Free),
        ("hibernating", Box::new(|_| {}), Plan::Free),
    ];
    for (status, change, plan) in changes {
        fixture.change(|subscription| {
            status.clone_into(&mut subscription.status);
            change(subscription);
        });
        fixture.send("customer.subscription.updated").await;
        let seen = fixture.view().await;
        assert_eq!((seen.status(), seen.plan()), (status, plan));
        let subscription = seen.subscription.as_ref().expect("it is mirrored");
        assert_eq!(
            subscription.trial_end.map(OffsetDateTime::unix_timestamp),
            Some(end)
        );
        assert_eq!(
            subscription.cancel_at_period_end,
            !matches!(status, "trialing" | "past_due"),
            "{status}"
        );
    }
    let trial_used: bool =
        sqlx::query_scalar("select trial_used_at is not null from billing_customer")
            .fetch_one(fixture.app.services.db.pool())
            .await
            .expect("the customer is there");
    assert!(trial_used, "the one trial is remembered");
}

#[tokio::test]
async fn the_view_counts_seats_and_an_override_replaces_limits_of_the_plan() {
    let fixture = Fixture::start_with_pro().await;
    fixture
        .app
        .sql(
            "insert into limit_override (organization_id, members)
             select id, 500 from organization",
        )
        .await;
    fixture
        .app
        .sql(
            "insert into invitation
                 (id, organization_id, email, role, token_hash, state, expires_at)
             select
                 gen_random_uuid(), organization.id, n || '@users.test', 'member',
                 n::text::bytea, state, now() + days * interval '1 day'
             from
                 organization,
                 (values
                     (1, 'pending', 7), (2, 'pending', 7), (3, 'pending', -1), (4, 'declined', 7)
                 ) invited(n, state, days)",
        )
        .await;
    // Written at a database prompt: nothing waited until the nodes have applied it.
    until("the seats are counted", async || {
        fixture.view().await.seats_used == 3
    })
    .await;
    let seen = fixture.view().await;
    assert!(seen.limits_overridden);
    assert_eq!(
        (seen.limits.members, seen.limits.projects),
        (500, Plan::Pro.limits().projects)
    );
}

// Signatures.

#[tokio::test]
async fn a_wrong_signature_is_refused_and_leaves_no_trace() {
    let fixture = Fixture::start_with_pro().await;
    let asked_before = fixture.stripe_requests();
    let good = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    fixture.stripe.set_webhook_switches(WebhookSwitches {
        wrong_signature: true,
        ..WebhookSwitches::default()
    });
    let wrong = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    assert_refused(fixture.receive(&wrong).await, "signed by somebody else");

    let with_signature = |signature: &str| SignedEvent {
        signature: signature.into(),
        ..good.clone()
    };
    for header in [
        "",
        "nonsense",
        "t=,v1=",
        "t=1",
        "v1=00",
        "t=99999999999999999999,v1=00",
    ] {
        assert_refused(fixture.receive(&with_signature(header)).await, header);
    }
    let tampered = SignedEvent {
        payload: good.payload.replace("\"pro_month\"", "\"ultra_month\""),
        ..good.clone()
    };
    assert_ne!(tampered.payload, good.payload);
    assert_refused(fixture.receive(&tampered).await, "another body");
    let not_text = fixture
        .app
        .services
        .billing
        .receive_webhook(&[0xff, 0xfe], &good.signature)
        .await;
    assert_refused(not_text, "not text");

    assert_eq!(fixture.ledger(&wrong).await, None);
    assert_eq!(fixture.ledger(&good).await, None);
    assert_eq!(fixture.stripe_requests(), asked_before);
}

#[tokio::test]
async fn a_signature_is_valid_for_five_minutes() {
    let fixture = Fixture::start_with_pro().await;
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    fixture
        .app
        .services
        .clock
        .advance(time::Duration::minutes(6));
    assert_refused(fixture.receive(&event).await, "replayed later");
    assert_eq!(fixture.ledger(&event).await, None);
}

#[tokio::test]
async fn both_secrets_are_valid_during_a_rotation() {
    let fixture = Fixture::start_with_pro().await;
    let by_old = fixture
        .stripe
        .event("customer.subscription.updated", SUBSCRIPTION, OLD_SECRET);
    assert_eq!(fixture.accept(&by_old).await, WebhookOutcome::Processed);

    // Stripe signs with every secret that is still valid; one fits.
    let mut by_both = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    let (timestamp, fitting) = by_both.signature.split_once(',').expect("two parts");
    let other = sign(
        "whsec_tomorrow",
        &by_both.payload,
        timestamp[2..].parse().expect("seconds"),
    );
    by_both.signature = format!("{other},{fitting}");
    assert_eq!(fixture.accept(&by_both).await, WebhookOutcome::Processed);
}

#[tokio::test]
async fn a_signed_body_that_is_not_an_event_is_refused() {
    let fixture = Fixture::start().await;
    let now = fixture.app.services.clock.now().unix_timestamp();
    let body = r#"{"hello":"world"}"#;
    let result = fixture
        .app
        .services
        .billing
        .receive_webhook(body.as_bytes(), &sign(SECRET, body, now))
        .await;
    assert!(
        matches!(&result, Err(Error::Invalid(invalid)) if invalid.field.as_deref() == Some("body")),
        "{result:?}"
    );
}

// Duplicate, late, out of order, of another API version.

#[tokio::test]
async fn a_duplicate_changes_nothing() {
    let fixture = Fixture::start_with_pro().await;
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Processed);
    let (asked, seen) = (fixture.stripe_requests(), fixture.view().await);

    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Duplicate);
    assert_eq!(fixture.stripe_requests(), asked);
    assert_eq!(fixture.view().await, seen);
    assert_eq!(
        fixture.ledger(&event).await,
        Some(LedgerEntry {
            attempts: 1,
            processed: true,
            error: None
        })
    );
}

#[tokio::test]
async fn the_same_event_twice_at_once_is_processed_once() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(|subscription| subscription.status = "past_due".into());
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    let outcomes: [_; 2] = tokio::join!(fixture.accept(&event), fixture.accept(&event)).into();
    assert!(
        outcomes.contains(&WebhookOutcome::Processed)
            && outcomes.contains(&WebhookOutcome::Duplicate),
        "{outcomes:?}"
    );
    assert_eq!(
        fixture.logged_changes().await,
        ["Pro, active", "Pro, past_due"]
    );
}

#[tokio::test]
async fn a_late_update_does_not_revive_an_ended_subscription() {
    let fixture = Fixture::start_with_pro().await;
    let late = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    fixture.change(Subscription::cancel);
    fixture.send("customer.subscription.deleted").await;
    assert_eq!(fixture.status().await, "canceled");

    assert!(
        late.payload.contains(r#""status":"active""#),
        "it carries the old status"
    );
    assert_eq!(fixture.accept(&late).await, WebhookOutcome::Processed);
    assert_eq!(
        (fixture.status().await.as_str(), fixture.view().await.plan()),
        ("canceled", Plan::Free)
    );

    // Not even if Stripe's own answer is outdated.
    fixture.change(|subscription| subscription.status = "active".into());
    fixture.send("customer.subscription.updated").await;
    assert_eq!(fixture.status().await, "canceled");

    // Another subscription replaces it.
    fixture.change(Subscription::cancel);
    fixture.stripe.put_subscription(Subscription::active(
        "sub_again",
        CUSTOMER,
        "price_ultra_month",
    ));
    let again = fixture.event("customer.subscription.created", "sub_again");
    assert_eq!(fixture.accept(&again).await, WebhookOutcome::Processed);
    assert_eq!(
        (fixture.status().await.as_str(), fixture.view().await.plan()),
        ("active", Plan::Ultra)
    );

    // A late event about the ended one does not replace it.
    fixture.send("customer.subscription.deleted").await;
    assert_eq!(fixture.view().await.plan(), Plan::Ultra);
}

#[tokio::test]
async fn of_two_handlers_at_once_the_one_that_asked_stripe_last_wins() {
    let fixture = Fixture::start_with_pro().await;
    for (earlier, later) in [
        ("past_due", "active"),
        ("unpaid", "past_due"),
        ("active", "unpaid"),
    ] {
        fixture.change(|subscription| subscription.status = earlier.into());
        // Stripe's first answer is outdated when it arrives.
        fixture.stripe.fail_next(1, Failure::Slow(400));
        let asked_before = fixture.stripe_requests();
        let first = fixture.send("customer.subscription.updated");
        let second = async {
            until("the first has asked", async || {
                fixture.stripe_requests() > asked_before
            })
            .await;
            fixture.change(|subscription| subscription.status = later.into());
            fixture.send("customer.subscription.updated").await;
        };
        tokio::join!(first, second);
        assert_eq!(fixture.status().await, later);
    }
}

#[tokio::test]
async fn an_event_of_another_api_version_is_processed_by_its_envelope() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(|subscription| subscription.price = "price_ultra_year".into());
    fixture.stripe.set_webhook_switches(WebhookSwitches {
        other_api_version: true,
        ..WebhookSwitches::default()
    });
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    let read = Webhook::construct_event(&event.payload, &event.signature, SECRET);
    assert!(
        matches!(read, Err(WebhookError::BadParse(_))),
        "the library cannot read it"
    );

    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Processed);
    assert_eq!(fixture.view().await.plan(), Plan::Ultra);
}

// Stripe fails.

#[tokio::test]
async fn a_failed_event_is_in_the_ledger_and_succeeds_when_it_is_sent_again() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(|subscription| subscription.status = "past_due".into());
    let event = fixture.event("invoice.payment_failed", {
        fixture.stripe.put_invoice(Invoice {
            id: "in_1".into(),
            customer: CUSTOMER.into(),
            subscription: SUBSCRIPTION.into(),
            status: "open".into(),
            amount_due: 4900,
            created: 1_700_000_000,
        });
        "in_1"
    });
    fixture.stripe.fail(Failure::ServerError);
    let result = fixture.receive(&event).await;
    assert!(
        matches!(result, Err(Error::Unavailable("Stripe", _))),
        "{result:?}"
    );
    let entry = fixture
        .ledger(&event)
        .await
        .expect("it stands in the ledger");
    assert_eq!((entry.attempts, entry.processed), (1, false));
    assert!(
        entry
            .error
            .expect("with its reason")
            .contains("Stripe is unavailable: 500")
    );
    assert_eq!(fixture.status().await, "active", "nothing was half written");

    fixture.stripe.recover();
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Processed);
    assert_eq!(
        fixture.ledger(&event).await,
        Some(LedgerEntry {
            attempts: 2,
            processed: true,
            error: None
        })
    );
    assert_eq!(fixture.status().await, "past_due");
}

#[tokio::test]
async fn a_short_rate_limit_is_waited_out() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(|subscription| subscription.status = "past_due".into());
    fixture.stripe.fail_next(1, Failure::RateLimited);
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Processed);
    assert_eq!(fixture.status().await, "past_due");
}

#[tokio::test]
async fn a_handler_that_dies_half_way_leaves_the_event_unprocessed_and_unlocked() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(|subscription| subscription.status = "past_due".into());
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    fixture.stripe.fail(Failure::Hang);
    let died = tokio::time::timeout(Duration::from_millis(300), fixture.receive(&event)).await;
    assert!(died.is_err(), "it was still asking");
    assert_eq!(
        fixture.ledger(&event).await,
        Some(LedgerEntry {
            attempts: 1,
            processed: false,
            error: None
        })
    );

    fixture.stripe.recover();
    let began = Instant::now();
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Processed);
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "the lock was free after {:?}",
        began.elapsed()
    );
    assert_eq!(fixture.status().await, "past_due");
}

#[tokio::test]
async fn no_transaction_is_open_while_stripe_is_asked() {
    let fixture = Fixture::start_with_pro().await;
    fixture.stripe.fail_next(1, Failure::Slow(800));
    let asked_before = fixture.stripe_requests();
    let count_transactions = async {
        until("Stripe is asked", async || {
            fixture.stripe_requests() > asked_before
        })
        .await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let open: i64 = sqlx::query_scalar(
            "select count(*)
             from pg_stat_activity
             where datname = current_database()
                 and pid <> pg_backend_pid()
                 and application_name = 'orghub'
                 and clock_timestamp() - xact_start > interval '100 ms'",
        )
        .fetch_one(fixture.app.services.db.pool())
        .await
        .expect("the activity is known");
        assert_eq!(open, 0);
    };
    tokio::join!(
        fixture.send("customer.subscription.updated"),
        count_transactions
    );
}

#[tokio::test]
async fn an_unknown_price_fails_loudly_and_leaves_the_mirror_unchanged() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(|subscription| subscription.price = "price_special".into());
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    assert!(matches!(
        fixture.receive(&event).await,
        Err(Error::Internal(_))
    ));
    let entry = fixture
        .ledger(&event)
        .await
        .expect("it stands in the ledger");
    assert!(
        entry
            .error
            .expect("with its reason")
            .contains("price_special")
    );
    assert_eq!(fixture.view().await.plan(), Plan::Pro);

    // Once the price has a look-up key, the next delivery succeeds.
    fixture.change(|subscription| subscription.price = "price_ultra_month".into());
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Processed);
    assert_eq!(fixture.view().await.plan(), Plan::Ultra);
}

// Viewing an old mirror.

#[tokio::test]
async fn a_view_of_an_old_row_is_immediate_and_starts_one_comparison() {
    let fixture = Fixture::start_with_pro().await;
    let asked_before = fixture.stripe_requests();
    fixture.view().await;
    assert_eq!(
        fixture.stripe_requests(),
        asked_before,
        "a young row is left alone"
    );

    fixture.age_mirror();
    fixture.change(|subscription| subscription.status = "past_due".into());
    fixture.stripe.fail_next(1, Failure::Slow(300));
    let looks = std::iter::repeat_with(|| fixture.view()).take(20);
    let began = Instant::now();
    let seen = futures::future::join_all(looks).await;
    assert!(
        began.elapsed() < Duration::from_millis(250),
        "nobody waited for Stripe: {:?}",
        began.elapsed()
    );
    assert!(seen.iter().all(|view| view.status() == "active"));

    until("the row is compared", async || {
        fixture.status().await == "past_due"
    })
    .await;
    assert_eq!(fixture.stripe_requests(), asked_before + 1);
}

#[tokio::test]
async fn while_one_node_asks_stripe_the_others_leave_it_to_that_one() {
    let fixture = Fixture::start_with_pro().await;
    let node = fixture.app.another_node().await;
    let connection = PgConnection::connect(fixture.app.database_url()).await;
    let lock = PgAdvisoryLock::new(format!("stripe customer {CUSTOMER}"));
    let held_elsewhere = lock
        .try_acquire(connection.expect("a connection"))
        .await
        .expect("an answer")
        .expect_left("nobody asks yet");

    node.clock.advance(time::Duration::hours(2));
    let asked_before = fixture.stripe_requests();
    for _ in 0..5 {
        view(&node, &fixture.access).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        fixture.stripe_requests(),
        asked_before,
        "the other one asks"
    );

    held_elsewhere.release_now().await.expect("released");
    until("this one asks", async || {
        view(&node, &fixture.access).await;
        fixture.stripe_requests() == asked_before + 1
    })
    .await;
}

#[tokio::test]
async fn no_viewer_notices_that_stripe_fails() {
    let fixture = Fixture::start_with_pro().await;
    fixture.age_mirror();
    for failure in [Failure::RateLimited, Failure::ServerError, Failure::Hang] {
        fixture.stripe.fail(failure);
        let asked_before = fixture.stripe_requests();
        // A question has up to three attempts; a hanging one is still at its first.
        let attempts = if failure == Failure::Hang { 1 } else { 3 };
        until("the background asks", async || {
            let began = Instant::now();
            assert_eq!(fixture.status().await, "active");
            assert!(
                began.elapsed() < Duration::from_millis(500),
                "{failure:?}: the page waited {:?}",
                began.elapsed()
            );
            fixture.stripe_requests() >= asked_before + attempts
        })
        .await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        for _ in 0..20 {
            fixture.view().await;
        }
        assert_eq!(
            fixture.stripe_requests(),
            asked_before + attempts,
            "{failure:?}: one comparison, however many look"
        );
        fixture
            .app
            .services
            .clock
            .advance(time::Duration::minutes(2));
    }
}

#[tokio::test]
async fn after_an_outage_the_mirror_catches_up_by_itself() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(|subscription| subscription.status = "past_due".into());
    fixture.stripe.fail(Failure::ServerError);
    fixture.age_mirror();
    let asked_before = fixture.stripe_requests();
    until("the background gives up", async || {
        fixture.view().await;
        fixture.stripe_requests() == asked_before + 3
    })
    .await;

    fixture.stripe.recover();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(fixture.status().await, "active");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(
        fixture.stripe_requests(),
        asked_before + 3,
        "Stripe is left alone for a minute"
    );
    fixture
        .app
        .services
        .clock
        .advance(time::Duration::minutes(2));
    until("the row is compared", async || {
        fixture.status().await == "past_due"
    })
    .await;
}

#[tokio::test]
async fn an_ended_subscription_is_not_asked_for_again() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(Subscription::cancel);
    fixture.send("customer.subscription.deleted").await;
    fixture.age_mirror();
    let asked_before = fixture.stripe_requests();
    assert_eq!(fixture.status().await, "canceled");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(fixture.stripe_requests(), asked_before);
}

#[tokio::test]
async fn the_subscription_of_a_deleted_customer_is_asked_for_by_its_id() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(|subscription| {
        subscription.cancel();
        // Listed nowhere any more, and still there.
        subscription.customer = "cus_deleted".into();
    });
    let mut event = fixture.event("customer.subscription.deleted", SUBSCRIPTION);
    event.payload = event.payload.replace("cus_deleted", CUSTOMER);
    let now = fixture.app.services.clock.now().unix_timestamp();
    event.signature = sign(SECRET, &event.payload, now);
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Processed);
    assert_eq!(fixture.status().await, "canceled");
}
