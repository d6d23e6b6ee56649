//! Viewing an old mirror.

use super::*;

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
    let lock = PgAdvisoryLock::new(format!("billing of {}", fixture.access.org_id()));
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

/// Otherwise each page of the organization would be made anew for as long as Stripe is away.
#[tokio::test]
async fn what_is_made_of_an_old_row_lasts_until_stripe_is_asked_again() {
    let fixture = Fixture::start_with_pro().await;
    // Only what is in the node's own memory is kept.
    let with_memory = |config: &mut Config| config.near_cache_bytes = 8 << 20;
    let services = fixture.app.another_node_with(with_memory).await;
    services.clock.advance(time::Duration::hours(2));
    fixture.stripe.fail(Failure::ServerError);
    let look = async || {
        let looking = services.cache.record(view(&services, &fixture.access));
        with_request_cost(Arc::default(), looking).await.1
    };
    assert!(look().await.is_none(), "a look that asks is for once");
    until("Stripe has failed", async || look().await.is_some()).await;
    let made_of = look().await.expect("a look that need not ask");
    let is_right = || {
        let now = services.clock.now();
        services.cache.is_still_right(&made_of, now)
    };
    assert!(is_right());
    services.clock.advance(time::Duration::minutes(2));
    assert!(!is_right());
    assert!(look().await.is_none(), "it asks again");
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
