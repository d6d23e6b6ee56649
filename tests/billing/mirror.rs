//! From a webhook to the page.

use super::*;

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
        (Plan::Pro, Some(BillingInterval::Year), "active")
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
        ..Invoice::default()
    });
    fixture.stripe.put_checkout_session(CheckoutSession {
        id: "cs_1".into(),
        customer: Some(CUSTOMER.into()),
        subscription: Some(SUBSCRIPTION.into()),
        metadata: [].into(),
        created: 1_700_000_000,
        ..CheckoutSession::default()
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

    // Whoever buys again under a new customer gets what they pay for: the old one pays for
    // nothing.
    let second = bought_for(
        "sub_second",
        "cus_second",
        fixture.access.org_id().to_string(),
    );
    assert_eq!(fixture.accept(&second).await, WebhookOutcome::Processed);
    assert_eq!(fixture.view().await.plan(), Plan::Ultra);

    // While one pays, another one is a conflict: told, and nothing is taken away.
    let third = bought_for(
        "sub_third",
        "cus_third",
        fixture.access.org_id().to_string(),
    );
    assert_eq!(fixture.accept(&third).await, WebhookOutcome::Conflict);
    let seen = fixture.view().await;
    let now = fixture.app.services.clock.now();
    assert_eq!(
        seen.certainty(now),
        Certainty::Conflicting(Conflict::SeveralLive(2))
    );
    let shown = seen
        .subscription
        .as_ref()
        .map(|shown| shown.stripe_id.as_str());
    assert_eq!(shown, Some("sub_second"));

    // An organization that is gone pays for nothing.
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
                 (id, organization_id, email, role, state, expires_at)
             select
                 gen_random_uuid(), organization.id, n || '@users.test', 'member',
                 state, now() + days * interval '1 day'
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

#[tokio::test]
async fn who_stays_at_an_old_price_keeps_the_plan_when_the_look_up_key_moves_on() {
    let fixture = Fixture::start_with_pro().await;
    fixture.stripe.raise_price("pro_month", 5_900);
    fixture.change(|subscription| subscription.status = "past_due".into());
    fixture.send("customer.subscription.updated").await;
    let seen = fixture.view().await;
    assert_eq!((seen.status(), seen.plan()), ("past_due", Plan::Pro));
    let subscription = seen.subscription.as_ref().expect("it is mirrored");
    let charged = subscription
        .terms
        .charge
        .as_ref()
        .and_then(|charge| charge.total());
    assert_eq!(
        charged.map(|total| total.to_string()).as_deref(),
        Some("49.00 USD"),
        "what Stripe charges, not what others pay now"
    );

    fixture.change(|subscription| subscription.status = "unpaid".into());
    fixture.send("customer.subscription.updated").await;
    assert_eq!(fixture.view().await.plan(), Plan::Free);
}

#[tokio::test]
async fn what_stripe_charges_is_shown_in_its_currency_with_quantity_and_discount() {
    let fixture = Fixture::start_with_pro().await;
    fixture.stripe.patch(
        SUBSCRIPTION,
        serde_json::json!({
            "items": {"data": [{
                "id": "si_1", "quantity": 7,
                "price": {"id": "price_yen", "currency": "jpy", "unit_amount": 5_000,
                    "lookup_key": "pro_month", "product": "prod_pro",
                    "recurring": {"interval": "month", "interval_count": 3}},
            }]},
            "discounts": [{"id": "di_1", "end": null,
                "source": {"type": "coupon", "coupon": {"id": "half", "name": "Half", "percent_off": 50.0}}}],
            "pause_collection": {"behavior": "void", "resumes_at": null},
        }),
    );
    fixture.send("customer.subscription.updated").await;
    let seen = fixture.view().await;
    let subscription = seen.subscription.as_ref().expect("it is mirrored");
    let charge = subscription.terms.charge.as_ref().expect("it is known");
    assert_eq!(
        charge.total().map(|total| total.to_string()).as_deref(),
        Some("35,000 JPY")
    );
    assert_eq!(
        charge.cycle.as_ref().map(|cycle| cycle.label()).as_deref(),
        Some("3 months")
    );
    assert_eq!(subscription.interval, None, "none of our intervals");
    assert_eq!(subscription.plan, Some(Plan::Pro));
    assert_eq!(
        subscription.terms.discounts[0].amount,
        DiscountAmount::HundredthsOfPercent(5_000)
    );
    assert_eq!(
        subscription
            .terms
            .paused
            .as_ref()
            .map(|pause| pause.behavior.as_str()),
        Some("void")
    );
}
