//! Stripe fails, or says what nobody expected.

use super::*;

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
            ..Invoice::default()
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
async fn at_an_unknown_price_everything_else_is_mirrored_and_the_page_says_so() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(|subscription| {
        subscription.price = "price_special".into();
        subscription.status = "past_due".into();
    });
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    assert_eq!(fixture.accept(&event).await, WebhookOutcome::Conflict);
    let seen = fixture.view().await;
    assert_eq!((seen.status(), seen.plan()), ("past_due", Plan::Free));
    assert_eq!(
        seen.certainty(fixture.app.services.clock.now()),
        Certainty::Conflicting(Conflict::UnknownPrice("price_special".into()))
    );

    fixture.change(|subscription| subscription.price = "price_ultra_month".into());
    fixture.send("customer.subscription.updated").await;
    assert_eq!(fixture.view().await.plan(), Plan::Ultra);
}

#[tokio::test]
async fn what_cannot_be_read_keeps_nothing_else_from_being_mirrored() {
    let fixture = Fixture::start_with_pro().await;
    let patches = [
        ("no items", serde_json::json!({"items": {"data": []}})),
        (
            "an unknown interval",
            serde_json::json!({"items": {"data": [{
                "id": "si_1", "quantity": 7, "current_period_end": i64::MAX,
                "price": {"id": "price_pro_month", "currency": "jpy", "unit_amount": 500,
                    "product": "prod_pro", "recurring": {"interval": "fortnight"}},
            }]}}),
        ),
        (
            "a discount of a new shape",
            serde_json::json!({"discounts": [{"shape": 2, "source": null}]}),
        ),
        (
            "times beyond all calendars",
            serde_json::json!({"trial_end": i64::MAX, "created": "now"}),
        ),
        (
            "a word for a status",
            serde_json::json!({"schedule": 7, "pause_collection": []}),
        ),
    ];
    for (at, (what, patch)) in patches.into_iter().enumerate() {
        let status = ["past_due", "active"][at % 2];
        fixture.change(|subscription| subscription.status = status.into());
        fixture.stripe.patch(SUBSCRIPTION, patch);
        let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
        let outcome = fixture.accept(&event).await;
        assert_eq!(outcome, WebhookOutcome::Processed, "{what}");
        let seen = fixture.view().await;
        assert_eq!((seen.status(), seen.plan()), (status, Plan::Pro), "{what}");
        fixture.stripe.unpatch(SUBSCRIPTION);
    }
}

#[tokio::test]
async fn a_subscription_that_stripe_does_not_know_any_more_has_ended() {
    let fixture = Fixture::start_with_pro().await;
    sqlx::query("update subscription set stripe_subscription_id = 'sub_gone'")
        .execute(fixture.app.services.db.pool())
        .await
        .expect("renamed");
    fixture.change(Subscription::cancel);
    fixture.send("customer.subscription.updated").await;
    let seen = fixture.view().await;
    assert_eq!((seen.status(), seen.plan()), ("canceled", Plan::Free));
}
