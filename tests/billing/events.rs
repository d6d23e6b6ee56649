//! Events that are duplicate, late, out of order, of another API version, or of no use.

use super::*;

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

#[tokio::test]
async fn thin_events_are_acknowledged_and_used_where_they_name_their_object() {
    let fixture = Fixture::start_with_pro().await;
    fixture.change(|subscription| subscription.status = "past_due".into());
    let thin = |id: &str, event_type: &str, related: &str| {
        let payload = format!(
            r#"{{"id":"{id}","object":"v2.core.event","type":"{event_type}","livemode":false,
            "created":"2027-01-01T00:00:00.000Z","related_object":{related}}}"#
        );
        let now = fixture.app.services.clock.now().unix_timestamp();
        SignedEvent {
            signature: sign(SECRET, &payload, now),
            payload,
            id: id.to_owned(),
        }
    };
    let related = format!(r#"{{"id":"{SUBSCRIPTION}","type":"subscription","url":"/x"}}"#);
    let named = thin("evt_thin_1", "v1.customer.subscription.updated", &related);
    assert_eq!(fixture.accept(&named).await, WebhookOutcome::Processed);
    assert_eq!(fixture.status().await, "past_due");
    for (id, event_type, related) in [
        ("evt_thin_2", "v1.customer.subscription.updated", "null"),
        (
            "evt_thin_3",
            "v2.core.account.updated",
            r#"{"id":"acct_1"}"#,
        ),
    ] {
        let other = thin(id, event_type, related);
        assert_eq!(
            fixture.accept(&other).await,
            WebhookOutcome::Ignored,
            "{id}"
        );
    }
}

#[tokio::test]
async fn events_without_object_or_customer_are_acknowledged() {
    let fixture = Fixture::start_with_pro().await;
    for (event_type, object) in [
        (
            "invoice.upcoming",
            serde_json::json!({"object": "invoice", "customer": CUSTOMER}),
        ),
        (
            "invoice.paid",
            serde_json::json!({"id": "in_1", "customer": null}),
        ),
        ("invoice.paid", serde_json::json!({})),
    ] {
        let event = fixture.stripe.raw_event(event_type, object, SECRET);
        assert_eq!(fixture.accept(&event).await, WebhookOutcome::Ignored);
    }
}

#[tokio::test]
async fn an_event_of_live_mode_is_refused_with_a_key_of_test_mode() {
    let fixture = Fixture::start_with_pro().await;
    fixture.stripe.set_webhook_switches(WebhookSwitches {
        live_mode: true,
        ..WebhookSwitches::default()
    });
    let event = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    let refused = fixture.receive(&event).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert_eq!(fixture.ledger(&event).await, None);
}

impl Fixture {
    /// Whether the ledger still has what the event said; `None`: it does not know the event.
    async fn keeps_payload(&self, event: &SignedEvent) -> Option<bool> {
        sqlx::query_scalar("select payload is not null from webhook_event where id = $1")
            .bind(&event.id)
            .fetch_optional(self.app.services.db.pool())
            .await
            .expect("the ledger answers")
    }
}

#[tokio::test]
async fn what_events_said_is_forgotten_after_thirty_days_and_that_they_came_is_not() {
    let fixture = Fixture::start_with_pro().await;
    let done = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    fixture.accept(&done).await;
    let failed = fixture.event("customer.subscription.updated", SUBSCRIPTION);
    fixture.stripe.fail(Failure::KeyRevoked);
    assert!(fixture.receive(&failed).await.is_err());
    fixture.stripe.recover();

    let days_later = async |days: i32| {
        // The ledger's times are the database's.
        sqlx::query("update webhook_event set received_at = now() - make_interval(days => $1)")
            .bind(days)
            .execute(fixture.app.services.db.pool())
            .await
            .expect("they are older");
        fixture.app.services.clock.advance(time::Duration::DAY);
        // The comparison of everything would take up again what failed.
        fixture.stripe.fail(Failure::KeyRevoked);
        let worker = &fixture.app.services.worker;
        worker.run_due().await.expect("the queue answers");
        (
            fixture.keeps_payload(&done).await,
            fixture.keeps_payload(&failed).await,
        )
    };
    assert_eq!(days_later(25).await, (Some(true), Some(true)));
    assert_eq!(
        days_later(31).await,
        (Some(false), Some(true)),
        "what is not processed can be taken up again"
    );
    fixture.stripe.recover();
    let now = fixture.app.services.clock.now().unix_timestamp();
    let again = SignedEvent {
        signature: sign(SECRET, &done.payload, now),
        ..done
    };
    assert_eq!(fixture.accept(&again).await, WebhookOutcome::Duplicate);
}
