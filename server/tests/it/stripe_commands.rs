//! `orghub-server reconcile` and `orghub-server stripe-setup`, each run as an operator runs it:
//! a process, its exit code, its output, and Stripe's fake over real HTTP.

use fake_stripe::{Config, Customer, Failure, FailureRule, FakeStripe, Subscription};
use orghub::{
    access::OrgAccess,
    domain::{OrgId, Plan},
};
use orghub_test_support::{TestApp, free_port};

use crate::commands::{Outcome, called, run};

const SECRET: &str = "whsec_of_these_tests";
const SITE: &str = "http://orghub.localhost:3000";

/// Calls the program against this Stripe.
async fn call(app: &TestApp, stripe_url: &str, line: &str) -> Outcome {
    let variables = [
        ("DATABASE_URL", app.database_url()),
        ("ENABLE_REDIS_CACHE", "false"),
        ("STRIPE_API_BASE", stripe_url),
        ("APP_URL", SITE),
    ];
    run(called(line, &variables)).await
}

/// The account as it is before anybody set it up.
async fn empty_account() -> FakeStripe {
    let config = Config {
        catalog: false,
        ..Config::default()
    };
    FakeStripe::start(config).await.expect("the fake listens")
}

/// What the program says that it made.
fn made(outcome: &Outcome) -> Vec<&str> {
    let lines = outcome.stdout.lines();
    lines
        .filter_map(|line| line.strip_prefix("made: "))
        .collect()
}

/// What it says to set.
fn to_set<'a>(outcome: &'a Outcome, variable: &str) -> Option<&'a str> {
    let start = format!("set {variable}=");
    outcome
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix(&start))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_set_up_once_however_often_it_is_asked_for() {
    let app = TestApp::start().await;
    let stripe = empty_account().await;
    let first = call(&app, &stripe.url(), "stripe-setup").await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let count = |kind: &str| {
        let made = made(&first);
        made.iter().filter(|line| line.starts_with(kind)).count()
    };
    let kinds = [
        "product ",
        "price ",
        "portal configuration ",
        "webhook endpoint ",
    ];
    assert_eq!(kinds.map(count), [2, 4, 1, 1], "{first:?}");
    for key in ["pro_month", "pro_year", "ultra_month", "ultra_year"] {
        let line = format!("with the look-up key {key}");
        assert!(first.stdout.contains(&line), "{first:?}");
    }
    let portal = to_set(&first, "STRIPE_PORTAL_CONFIGURATION").expect("it is told");
    let secret = to_set(&first, "STRIPE_WEBHOOK_SECRET").expect("it is told once");
    assert!(portal.starts_with("bpc_") && secret.starts_with("whsec_"));

    // Where events go, and which.
    let line = made(&first)
        .into_iter()
        .find(|line| line.starts_with("webhook endpoint "))
        .expect("it was made");
    let id = line.split_whitespace().nth(2).expect("an id");
    let endpoint = stripe.object(id).expect("there is one");
    assert_eq!(endpoint["url"], format!("{SITE}/webhooks/stripe"));
    let events = endpoint["enabled_events"].to_string();
    for event in [
        "customer.subscription.updated",
        "invoice.payment_failed",
        "price.updated",
        "entitlements.active_entitlement_summary.updated",
    ] {
        assert!(events.contains(&format!("\"{event}\"")), "{event}");
    }

    let second = call(&app, &stripe.url(), "stripe-setup").await;
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(made(&second), [""; 0]);
    assert!(
        second.stdout.contains("everything was there already"),
        "{second:?}"
    );
    assert_eq!(to_set(&second, "STRIPE_PORTAL_CONFIGURATION"), Some(portal));
    assert_eq!(
        to_set(&second, "STRIPE_WEBHOOK_SECRET"),
        None,
        "Stripe does not tell it again"
    );

    // And it is what the program needs.
    let check = call(&app, &stripe.url(), "check").await;
    assert_eq!(check.code, Some(0), "{check:?}");
    assert!(check.stdout.contains("prices      ok"), "{check:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_that_was_cut_off_is_finished_by_the_next() {
    let app = TestApp::start().await;
    let stripe = empty_account().await;
    let endpoints = FailureRule::on("/v1/webhook_endpoints", Failure::KeyRevoked);
    stripe.fail_on(endpoints);
    let cut_off = call(&app, &stripe.url(), "stripe-setup").await;
    assert_eq!(cut_off.code, Some(1), "{cut_off:?}");
    assert!(
        cut_off.stderr.contains("Stripe is unavailable"),
        "{cut_off:?}"
    );
    stripe.recover();
    let rest = call(&app, &stripe.url(), "stripe-setup").await;
    assert_eq!(rest.code, Some(0), "{rest:?}");
    let made = made(&rest);
    assert!(
        matches!(&*made, [line] if line.starts_with("webhook endpoint ")),
        "the rest was there: {made:?}"
    );
    assert!(to_set(&rest, "STRIPE_WEBHOOK_SECRET").is_some());
}

/// An organization that pays at Stripe, and whose mirror knows nothing of it.
struct Paying {
    app: TestApp,
    stripe: FakeStripe,
    access: OrgAccess,
}

impl Paying {
    async fn start() -> Self {
        let stripe = FakeStripe::start(Config::default())
            .await
            .expect("the fake listens");
        let app = TestApp::start_with(|config| config.stripe.api_base = Some(stripe.url())).await;
        let ada = app.user("Ada").await;
        let slug = app.org("acme", &ada).await;
        let access = app.access(&ada, &slug).await;
        pay(&stripe, access.org_id(), "acme", "price_pro_month");
        Self {
            app,
            stripe,
            access,
        }
    }

    async fn reconcile(&self) -> Outcome {
        call(&self.app, &self.stripe.url(), "reconcile").await
    }

    /// Plan and status as the node shows them.
    async fn shown(&self) -> (Plan, String) {
        let billing = &self.app.services.billing;
        let view = billing.get_org_subscription(&self.access).await;
        let view = view.expect("there is a view");
        (view.plan(), view.status().to_owned())
    }
}

fn pay(stripe: &FakeStripe, org: OrgId, name: &str, price: &str) {
    let metadata = [("organization_id".to_owned(), org.to_string())];
    let customer = format!("cus_{name}");
    stripe.put_customer(Customer {
        id: customer.clone(),
        metadata: metadata.clone().into(),
        ..Customer::default()
    });
    let mut bought = Subscription::active(&format!("sub_{name}"), &customer, price);
    bought.metadata = metadata.into();
    stripe.put_subscription(bought);
}

/// Organizations that were compared, those that drifted, and events that were missed.
fn assert_found(outcome: &Outcome, [compared, drifted, missed]: [u64; 3]) {
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let line = format!(
        "compared with Stripe: {compared}; showed something else: {drifted}; events that never \
         arrived: {missed}"
    );
    assert!(outcome.stdout.contains(&line), "{line}: {outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_repaired_told_and_on_every_node_when_the_program_ends() {
    let acme = Paying::start().await;
    let free = (Plan::Free, "free".to_owned());
    assert_eq!(acme.shown().await, free);
    assert_found(&acme.reconcile().await, [1, 1, 0]);
    assert_eq!(acme.shown().await, (Plan::Pro, "active".to_owned()));
    assert_found(&acme.reconcile().await, [1, 0, 0]);

    let change = |one: &mut Subscription| one.status = "past_due".into();
    acme.stripe.change_subscription("sub_acme", change);
    let updated = "customer.subscription.updated";
    acme.stripe.event(updated, "sub_acme", SECRET);
    assert_found(&acme.reconcile().await, [1, 1, 1]);
    assert_eq!(acme.shown().await, (Plan::Pro, "past_due".to_owned()));
    assert_found(&acme.reconcile().await, [1, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_that_is_cut_off_fails_and_the_next_goes_on() {
    let acme = Paying::start().await;
    assert_found(&acme.reconcile().await, [1, 1, 0]);
    let cancel = |one: &mut Subscription| one.cancel();
    acme.stripe.change_subscription("sub_acme", cancel);
    // The organization itself is compared; then Stripe limits us.
    let limit = Failure::RateLimitedFor(3_600);
    acme.stripe
        .fail_on(FailureRule::on("/v1/subscriptions", limit).after(1));
    let cut_off = acme.reconcile().await;
    assert_eq!(cut_off.code, Some(1), "{cut_off:?}");
    assert!(
        cut_off.stderr.contains("Stripe is unavailable"),
        "{cut_off:?}"
    );
    assert!(!cut_off.stdout.contains("compared with Stripe:"));
    assert_eq!(acme.shown().await, (Plan::Free, "canceled".to_owned()));

    acme.stripe.recover();
    // Over both runs: what was compared is not compared again.
    assert_found(&acme.reconcile().await, [1, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_stripe_both_say_so_and_with_a_wrong_key_what_to_set() {
    let app = TestApp::start().await;
    let nobody = format!("http://127.0.0.1:{}/", free_port());
    for line in ["reconcile", "stripe-setup"] {
        let failed = call(&app, &nobody, line).await;
        assert_eq!(failed.code, Some(1), "{failed:?}");
        assert!(
            failed.stderr.contains("Stripe is unavailable"),
            "{failed:?}"
        );
        let variables = [
            ("DATABASE_URL", app.database_url()),
            ("ENABLE_REDIS_CACHE", "false"),
            ("STRIPE_SECRET_KEY", "pk_test_made_up"),
        ];
        let refused = run(called(line, &variables)).await;
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("STRIPE_SECRET_KEY"), "{refused:?}");
    }
}
