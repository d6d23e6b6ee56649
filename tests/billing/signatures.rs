//! What is believed to come from Stripe.

use super::*;

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
