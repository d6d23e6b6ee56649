//! What people do with a subscription, from the first purchase to the last cancellation. The
//! browser's part, on Stripe's pages, is done through the fake's controls.

use fake_stripe::{Card, FailureRule, Settings};
use orghub::domain::{
    ActivityListQuery, CancelReason, CheckoutOutcome, PortalPage, Role, TakesEffect, WishKind,
};
use serde_json::Value;

use super::*;

const DAY: i64 = 24 * 60 * 60;

impl Fixture {
    fn billing(&self) -> &orghub::billing::Billing {
        &self.app.services.billing
    }

    /// Opens a checkout; its id.
    async fn open_checkout(&self, plan: Plan, interval: BillingInterval) -> String {
        let address = self
            .billing()
            .start_checkout(&self.access, plan, interval)
            .await
            .expect("a checkout opens");
        address
            .rsplit('/')
            .next()
            .expect("an address ends in its id")
            .to_owned()
    }

    /// Buys Pro by the month, with the trial if there is one, and comes back.
    async fn buy_pro(&self) -> String {
        let session = self.open_checkout(Plan::Pro, BillingInterval::Month).await;
        assert!(self.stripe.pay_checkout(&session, Card::Works));
        let outcome = self.finish(&session).await.expect("an outcome");
        assert_eq!(outcome, CheckoutOutcome::Subscribed);
        session
    }

    async fn finish(&self, session: &str) -> Result<CheckoutOutcome> {
        self.billing().finish_checkout(&self.access, session).await
    }

    /// Pro that is paid for: its trial is over.
    async fn start_paid() -> Self {
        let fixture = Self::start_without_customer().await;
        fixture.buy_pro().await;
        fixture.pass(15 * DAY).await;
        assert_eq!(fixture.status().await, "active");
        fixture
    }

    /// Lets time pass at Stripe, and receives what it announces meanwhile.
    async fn pass(&self, seconds: i64) {
        self.stripe.advance(seconds);
        self.receive_all().await;
    }

    async fn receive_all(&self) {
        for event in self.stripe.take_events(SECRET) {
            self.accept(&event).await;
        }
    }

    fn object(&self, id: &str) -> Value {
        self.stripe.object(id).expect("Stripe has it")
    }

    /// The one subscription at Stripe that has not ended.
    fn living(&self) -> Subscription {
        let mut living = self.stripe.subscriptions();
        living.retain(|one| !matches!(one.status.as_str(), "canceled" | "incomplete_expired"));
        assert_eq!(living.len(), 1, "one subscription lives");
        living.remove(0)
    }

    async fn subjects_of_mail(&self) -> Vec<String> {
        let kept = self.app.services.mail.list_kept().await;
        let mut mail = kept.expect("the outbox answers");
        mail.retain(|message| message.subject.contains("acme") || message.subject.contains("Acme"));
        mail.into_iter().map(|message| message.subject).collect()
    }

    async fn deeds(&self) -> Vec<String> {
        let entries = sqlx::query_scalar(
            "select kind from activity
             where kind in (
                 'subscription.plan_changed', 'subscription.change_taken_back',
                 'subscription.cancelled', 'subscription.restored', 'billing.contact_changed'
             )
             order by created_at, id",
        );
        entries
            .fetch_all(self.app.services.db.pool())
            .await
            .expect("the audit log answers")
    }
}

fn reason() -> CancelReason {
    CancelReason::parse("too_expensive", "We save money").expect("a reason")
}

fn assert_conflict<T: std::fmt::Debug>(result: Result<T>, words: &str) {
    match result {
        Err(Error::Conflict(invalid)) => {
            assert!(invalid.message.contains(words), "{}", invalid.message);
        }
        other => panic!("{words}: {other:?}"),
    }
}

// Buying.

#[tokio::test]
async fn whoever_buys_gets_the_plan_at_once_with_the_one_trial() {
    let fixture = Fixture::start_without_customer().await;
    assert!(fixture.view().await.trial_available);
    let session = fixture.buy_pro().await;
    let seen = fixture.view().await;
    assert_eq!((seen.status(), seen.plan()), ("trialing", Plan::Pro));
    assert!(!seen.trial_available);
    let now = fixture.app.services.clock.now();
    assert_eq!(seen.certainty(now), Certainty::InStep);
    let customer = fixture.object(&fixture.living().customer);
    let org = fixture.access.org_id().to_string();
    assert_eq!(customer["metadata"]["organization_id"], org.as_str());

    // Coming back to the page again says the same.
    let again = fixture.finish(&session).await;
    assert_eq!(again.expect("an outcome"), CheckoutOutcome::Subscribed);

    // The trial is granted once, ever.
    fixture.change_living(Subscription::cancel);
    fixture.receive_all().await;
    let session = fixture
        .open_checkout(Plan::Pro, BillingInterval::Month)
        .await;
    assert!(fixture.stripe.pay_checkout(&session, Card::Works));
    fixture.finish(&session).await.expect("an outcome");
    assert_eq!(fixture.status().await, "active");
}

impl Fixture {
    fn change_living(&self, change: impl FnOnce(&mut Subscription)) {
        self.stripe.change_subscription(&self.living().id, change);
    }
}

#[tokio::test]
async fn a_second_checkout_closes_the_older_one_and_is_refused_while_a_subscription_lives() {
    let fixture = Fixture::start_without_customer().await;
    let first = fixture
        .open_checkout(Plan::Pro, BillingInterval::Month)
        .await;
    // A double click, or the same again in another tab, is the same page.
    let same = fixture
        .open_checkout(Plan::Pro, BillingInterval::Month)
        .await;
    assert_eq!(first, same);
    let seen = fixture.view().await;
    let wish = seen.wish.as_ref().map(|wish| wish.kind);
    assert_eq!(wish, Some(WishKind::Checkout));

    let second = fixture
        .open_checkout(Plan::Ultra, BillingInterval::Year)
        .await;
    assert_eq!(fixture.object(&first)["status"], "expired");
    assert!(!fixture.stripe.pay_checkout(&first, Card::Works));
    let outcome = fixture.finish(&first).await.expect("an outcome");
    assert_eq!(outcome, CheckoutOutcome::Expired);

    assert!(fixture.stripe.pay_checkout(&second, Card::Works));
    // Nobody came back and no event arrived: Stripe is asked before anything is sold.
    let third = fixture
        .billing()
        .start_checkout(&fixture.access, Plan::Pro, BillingInterval::Month)
        .await;
    assert_conflict(third, "has a subscription");
    assert_eq!(fixture.view().await.plan(), Plan::Ultra);
}

#[tokio::test]
async fn two_checkouts_at_once_leave_one_open() {
    let fixture = Fixture::start_without_customer().await;
    let (one, other) = tokio::join!(
        fixture.open_checkout(Plan::Pro, BillingInterval::Month),
        fixture.open_checkout(Plan::Ultra, BillingInterval::Month),
    );
    let open = [one, other]
        .iter()
        .filter(|session| fixture.object(session)["status"] == "open")
        .count();
    assert_eq!(open, 1);
    let customers = fixture
        .stripe
        .requests()
        .iter()
        .filter(|request| request.method == "POST" && request.target == "/v1/customers")
        .count();
    assert_eq!(customers, 1, "one organization, one customer");
}

#[tokio::test]
async fn a_lost_answer_makes_nothing_twice() {
    let fixture = Fixture::start_without_customer().await;
    for path in ["/v1/customers", "/v1/checkout/sessions"] {
        fixture.stripe.fail_on(FailureRule {
            method: Some("POST".to_owned()),
            ..FailureRule::on(path, Failure::ServerError)
        });
        let failed = fixture
            .billing()
            .start_checkout(&fixture.access, Plan::Pro, BillingInterval::Month)
            .await;
        assert!(
            matches!(failed, Err(Error::Unavailable("Stripe", _))),
            "{failed:?}"
        );
        fixture.stripe.recover();
    }
    let session = fixture
        .open_checkout(Plan::Pro, BillingInterval::Month)
        .await;
    let keys: std::collections::BTreeSet<_> = fixture
        .stripe
        .requests()
        .into_iter()
        .filter(|request| request.method == "POST" && request.target == "/v1/checkout/sessions")
        .map(|request| request.idempotency_key)
        .collect();
    assert_eq!(keys.len(), 1, "asked again with the same key: {keys:?}");
    assert_eq!(fixture.object(&session)["status"], "open");
}

#[tokio::test]
async fn the_success_page_waits_for_a_subscription_that_is_attached_late() {
    let fixture = Fixture::start_without_customer().await;
    fixture.stripe.set_settings(Settings {
        attach_after_reads: 2,
        ..Settings::default()
    });
    fixture.buy_pro().await;
    assert_eq!(fixture.view().await.plan(), Plan::Pro);
}

#[tokio::test]
async fn checkouts_of_others_and_open_ones_tell_nothing() {
    let fixture = Fixture::start_without_customer().await;
    let session = fixture
        .open_checkout(Plan::Pro, BillingInterval::Month)
        .await;
    let outcome = fixture.finish(&session).await.expect("an outcome");
    assert_eq!(outcome, CheckoutOutcome::Open);

    let other = fixture.app.org("globex", &fixture.owner).await;
    let other = fixture.app.access(&fixture.owner, &other).await;
    for (access, session) in [
        (&other, session.as_str()),
        (&fixture.access, "cs_nowhere"),
        (&fixture.access, "../customers/cus_1"),
        (&fixture.access, ""),
    ] {
        let outcome = fixture.billing().finish_checkout(access, session).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_customer_that_was_deleted_at_stripe_is_made_anew() {
    let fixture = Fixture::start_without_customer().await;
    fixture.buy_pro().await;
    let old = fixture.living().customer;
    fixture.stripe.delete_customer(&old);
    fixture.receive_all().await;
    assert_eq!(fixture.status().await, "canceled");

    let session = fixture
        .open_checkout(Plan::Ultra, BillingInterval::Month)
        .await;
    assert!(fixture.stripe.pay_checkout(&session, Card::Works));
    fixture.finish(&session).await.expect("an outcome");
    assert_eq!(fixture.view().await.plan(), Plan::Ultra);
    assert_ne!(fixture.living().customer, old);
}

// Changing.

#[tokio::test]
async fn to_a_greater_plan_at_once_and_to_a_lesser_one_at_the_end_of_the_period() {
    let fixture = Fixture::start_paid().await;
    let billing = fixture.billing();
    let (ultra, month) = (Plan::Ultra, BillingInterval::Month);
    let preview = billing
        .preview_change(&fixture.access, ultra, month)
        .await
        .expect("a preview");
    assert_eq!(preview.takes_effect, TakesEffect::Now);
    assert!(preview.due_now.is_some_and(|due| due.minor > 0));
    assert_eq!(
        fixture.view().await.plan(),
        Plan::Pro,
        "a preview changes nothing"
    );

    billing
        .change_plan(&fixture.access, ultra, month)
        .await
        .expect("it changes");
    assert_eq!(fixture.view().await.plan(), Plan::Ultra);
    let again = billing.change_plan(&fixture.access, ultra, month).await;
    assert_conflict(again, "there is already");

    let preview = billing
        .preview_change(&fixture.access, Plan::Pro, month)
        .await
        .expect("a preview");
    let TakesEffect::AtPeriodEnd(at) = preview.takes_effect else {
        panic!("{preview:?}");
    };
    assert_eq!(preview.due_now, None);
    billing
        .change_plan(&fixture.access, Plan::Pro, month)
        .await
        .expect("it is planned");
    let coming = |view: &SubscriptionView| view.subscription.as_ref()?.terms.coming.clone();
    let seen = fixture.view().await;
    let planned = coming(&seen).expect("a change is to come");
    assert_eq!((planned.plan, planned.at), (Some(Plan::Pro), at));
    assert_eq!(seen.plan(), Plan::Ultra, "until then");

    // Taken back, planned again, and then time passes.
    billing
        .take_back_change(&fixture.access)
        .await
        .expect("it is taken back");
    assert_eq!(coming(&*fixture.view().await), None);
    assert_conflict(billing.take_back_change(&fixture.access).await, "no change");
    billing
        .change_plan(&fixture.access, Plan::Pro, month)
        .await
        .expect("it is planned");
    fixture.pass(40 * DAY).await;
    assert_eq!(fixture.view().await.plan(), Plan::Pro);
    assert_eq!(
        fixture.deeds().await,
        [
            "subscription.plan_changed",
            "subscription.plan_changed",
            "subscription.change_taken_back",
            "subscription.plan_changed"
        ]
    );
}

#[tokio::test]
async fn a_change_whose_payment_fails_waits_and_the_plan_stays() {
    let fixture = Fixture::start_paid().await;
    let customer = fixture.living().customer;
    fixture.stripe.set_card(&customer, Card::Declined);
    fixture
        .billing()
        .change_plan(&fixture.access, Plan::Ultra, BillingInterval::Month)
        .await
        .expect("it is asked for");
    let seen = fixture.view().await;
    let subscription = seen.subscription.as_ref().expect("it is mirrored");
    assert_eq!((seen.plan(), seen.wish.is_none()), (Plan::Pro, true));
    assert!(subscription.terms.waits_for_payment_until.is_some());
}

// Cancelling.

#[tokio::test]
async fn a_cancellation_keeps_its_reason_and_can_be_taken_back() {
    let fixture = Fixture::start_paid().await;
    let billing = fixture.billing();
    assert_conflict(billing.restore(&fixture.access).await, "not cancelled");
    billing
        .cancel(&fixture.access, &reason())
        .await
        .expect("it is cancelled");
    let is_ending = |view: &SubscriptionView| {
        view.subscription
            .as_ref()
            .is_some_and(|one| one.is_ending())
    };
    let seen = fixture.view().await;
    assert!(is_ending(&seen) && seen.plan() == Plan::Pro);
    assert_conflict(billing.cancel(&fixture.access, &reason()).await, "already");
    let kept: (String, String) =
        sqlx::query_as("select feedback, comment from billing_cancellation")
            .fetch_one(fixture.app.services.db.pool())
            .await
            .expect("the reason is kept");
    assert_eq!(kept, ("too_expensive".into(), "We save money".into()));
    let details = fixture.living().cancellation_details;
    assert_eq!(details.feedback.as_deref(), Some("too_expensive"));

    billing.restore(&fixture.access).await.expect("it goes on");
    assert!(!is_ending(&*fixture.view().await));

    billing
        .cancel(&fixture.access, &reason())
        .await
        .expect("it is cancelled again");
    fixture.pass(40 * DAY).await;
    assert_eq!(fixture.status().await, "canceled");
    assert_conflict(billing.restore(&fixture.access).await, "no subscription");
    assert_eq!(
        fixture.deeds().await,
        [
            "subscription.cancelled",
            "subscription.restored",
            "subscription.cancelled"
        ]
    );
}

#[tokio::test]
async fn while_stripe_is_away_the_wish_stays_visible_and_trying_again_is_safe() {
    let fixture = Fixture::start_paid().await;
    fixture.stripe.fail_on(FailureRule {
        method: Some("POST".to_owned()),
        ..FailureRule::always(Failure::ServerError)
    });
    let failed = fixture.billing().cancel(&fixture.access, &reason()).await;
    assert!(
        matches!(failed, Err(Error::Unavailable("Stripe", _))),
        "{failed:?}"
    );
    let seen = fixture.view().await;
    let now = fixture.app.services.clock.now();
    let certainty = seen.certainty(now);
    assert!(
        matches!(&certainty, Certainty::Pending(wish) if wish.kind == WishKind::Cancel),
        "{certainty:?}"
    );
    let later = now + time::Duration::minutes(6);
    assert!(matches!(seen.certainty(later), Certainty::Delayed { .. }));

    fixture.stripe.recover();
    fixture
        .billing()
        .cancel(&fixture.access, &reason())
        .await
        .expect("it is cancelled");
    let seen = fixture.view().await;
    assert_eq!(seen.certainty(now), Certainty::InStep);
}

// Who may.

#[tokio::test]
async fn members_manage_nothing_and_billing_people_everything_about_payments() {
    let fixture = Fixture::start_paid().await;
    for (name, role, may) in [
        ("Mel", Role::Member, false),
        ("Bill", Role::Billing, true),
        ("Ada", Role::Admin, true),
    ] {
        let person = fixture.app.user(name).await;
        let org = fixture.access.org_id();
        fixture.app.add_member(org, &person, role).await;
        let access = fixture.app.access(&person, fixture.access.slug()).await;
        let billing = fixture.billing();
        let refused = [
            billing.list_prices(&access).await.err(),
            billing
                .preview_change(&access, Plan::Ultra, BillingInterval::Month)
                .await
                .err(),
            billing.list_invoices(&access, None).await.err(),
            billing.open_portal(&access, PortalPage::Home).await.err(),
            billing.change_contact(&access, "", "").await.err(),
        ];
        for error in refused {
            let is_refused = matches!(error, Some(Error::Forbidden));
            assert_eq!(is_refused, !may, "{name}: {error:?}");
        }
    }
}

// Invoices, portal, contact, mails.

#[tokio::test]
async fn invoices_are_listed_and_the_portal_opens() {
    let fixture = Fixture::start_paid().await;
    let billing = fixture.billing();
    let page = billing.list_invoices(&fixture.access, None).await;
    let invoices = page.expect("invoices").invoices;
    let paid = invoices.iter().find(|invoice| {
        invoice
            .total
            .as_ref()
            .is_some_and(|total| total.minor == 4_900)
    });
    let paid = paid.expect("the first month was paid");
    assert_eq!(paid.status.as_deref(), Some("paid"));
    assert!(paid.hosted_url.is_some() && paid.pdf_url.is_some());
    let beyond = billing.list_invoices(&fixture.access, Some("in_/x")).await;
    assert!(matches!(beyond, Err(Error::NotFound)));
    for page in [PortalPage::Home, PortalPage::PaymentMethod] {
        let address = billing.open_portal(&fixture.access, page).await;
        assert!(address.expect("an address").contains("/portal/"));
    }
}

#[tokio::test]
async fn mails_go_to_the_billing_contact_once_each() {
    let fixture = Fixture::start_without_customer().await;
    let billing = fixture.billing();
    let contact = "accounts@acme.test";
    billing
        .change_contact(&fixture.access, "", contact)
        .await
        .expect("it is changed");
    let other = billing
        .change_contact(&fixture.access, "", "somebody@else.test")
        .await;
    assert_conflict(other, contact);
    let wrong = billing
        .change_contact(&fixture.access, contact, "nobody")
        .await;
    assert!(matches!(wrong, Err(Error::Invalid(_))));

    fixture.buy_pro().await;
    let customer = fixture.living().customer;
    fixture.pass(12 * DAY).await;
    fixture.stripe.set_card(&customer, Card::Declined);
    fixture.pass(3 * DAY).await;
    // All of it once more, under other ids: each event is told once all the same.
    for event in fixture.stripe.events() {
        if let Some(object) = &event.object_id
            && event.event_type.starts_with("invoice.payment_failed")
        {
            fixture
                .accept(&fixture.event(&event.event_type, object))
                .await;
        }
    }
    assert_eq!(fixture.status().await, "past_due");
    fixture.stripe.expire_card_soon(&customer);
    fixture.receive_all().await;
    let subjects = fixture.subjects_of_mail().await;
    for words in ["trial of", "A payment for", "card of"] {
        let found = subjects.iter().filter(|subject| subject.contains(words));
        assert_eq!(found.count(), 1, "{words}: {subjects:?}");
    }
    let kept = fixture.app.services.mail.list_kept().await.expect("mail");
    let ours = kept
        .iter()
        .filter(|message| message.subject.contains("payment for"));
    assert!(ours.clone().count() > 0);
    for message in ours {
        assert_eq!(message.to.as_str(), contact);
    }
}

#[tokio::test]
async fn each_turn_of_a_subscription_is_mailed_once() {
    let fixture = Fixture::start_paid().await;
    let billing = fixture.billing();
    let cancelled = billing.cancel(&fixture.access, &reason()).await;
    cancelled.expect("it is cancelled");
    let restored = billing.restore(&fixture.access).await;
    restored.expect("it is restored");
    let Subscription { id, customer, .. } = fixture.living();
    fixture.stripe.set_card(&customer, Card::NeedsAction);
    fixture.pass(31 * DAY).await;
    assert_eq!(fixture.status().await, "past_due");
    for turn in [
        |one: &mut Subscription| one.status = "active".into(),
        Subscription::cancel,
    ] {
        fixture.stripe.change_subscription(&id, turn);
        // Twice, as Stripe may.
        for _ in 0..2 {
            let event = fixture.event("customer.subscription.updated", &id);
            fixture.accept(&event).await;
        }
    }
    assert_eq!(fixture.status().await, "canceled");
    fixture.stripe.set_card(&customer, Card::Works);
    fixture.buy_pro().await;
    fixture.receive_all().await;
    let subjects = fixture.subjects_of_mail().await;
    for words in [
        "is cancelled",
        "goes on",
        "needs your confirmation",
        "went through",
        "has ended",
        "a subscription again",
    ] {
        let found = subjects.iter().filter(|subject| subject.contains(words));
        assert_eq!(found.count(), 1, "{words}: {subjects:?}");
    }
}

#[tokio::test]
async fn seats_follow_the_plan_and_nothing_is_taken_away_when_it_ends() {
    let fixture = Fixture::start_paid().await;
    assert_eq!(fixture.view().await.limits, Plan::Pro.limits());
    fixture
        .billing()
        .cancel(&fixture.access, &reason())
        .await
        .expect("it is cancelled");
    fixture.pass(40 * DAY).await;
    let seen = fixture.view().await;
    assert_eq!((seen.limits, seen.seats_used), (Plan::Free.limits(), 1));
    let query = ActivityListQuery::default();
    let activity = fixture
        .app
        .services
        .orgs
        .list_activity(&fixture.access, &query);
    assert!(activity.await.is_ok(), "everything can still be read");
}
