//! Random histories with everything real: Stripe's fake over HTTP, PostgreSQL, the ledger, the
//! locks. `billing/src/decide/tests/histories.rs` runs ten thousand by the rules alone.

use futures::future;

use super::*;

const HISTORIES: u64 = 12;
const STEPS: u32 = 15;

/// Random enough, and the same again for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// One thing that happens at Stripe; the subscription it is about.
fn happen(fixture: &Fixture, chance: &mut Chance, bought: &mut u32) -> String {
    let living = fixture
        .stripe
        .subscriptions()
        .into_iter()
        .find(|one| one.status != "canceled");
    let Some(living) = living else {
        *bought += 1;
        let (id, customer) = (format!("sub_{bought}"), format!("cus_{}", chance.below(3)));
        fixture.stripe.put_customer(Customer {
            id: customer.clone(),
            ..Customer::default()
        });
        let prices = ["price_pro_month", "price_ultra_year"];
        let mut new = Subscription::active(&id, &customer, prices[chance.below(2) as usize]);
        let org = fixture.access.org_id().to_string();
        new.metadata.insert("organization_id".into(), org);
        // Several of one second are told apart by nothing but their ids.
        new.created += i64::from(*bought);
        fixture.stripe.put_subscription(new);
        return id;
    };
    let step = chance.below(6);
    fixture
        .stripe
        .change_subscription(&living.id, |one| match step {
            0 => one.cancel(),
            1 => one.status = "past_due".into(),
            2 => one.status = "active".into(),
            3 => one.cancel_at_period_end = !one.cancel_at_period_end,
            _ => one.price = "price_ultra_month".into(),
        });
    if step == 5 {
        fixture.stripe.raise_price("ultra_month", 20_000);
    }
    living.id
}

#[tokio::test]
async fn histories_over_http_end_in_what_stripe_holds() {
    for seed in 0..HISTORIES {
        history(seed).await;
    }
}

async fn history(seed: u64) {
    let fixture = Fixture::start_without_customer().await;
    let mut chance = Chance(seed);
    let (mut bought, mut waiting) = (0, Vec::new());
    for _ in 0..STEPS {
        let id = happen(&fixture, &mut chance, &mut bought);
        let event = fixture.event("customer.subscription.updated", &id);
        match chance.below(5) {
            // Dropped.
            0 => {}
            1 => waiting.extend([event.clone(), event]),
            _ => waiting.push(event),
        }
        if chance.below(2) == 0 || waiting.is_empty() {
            continue;
        }
        // In any order, two at once, and one of them may be killed wherever it stands.
        let first = waiting.swap_remove(chance.below(waiting.len() as u64) as usize);
        let second = waiting.first().cloned().unwrap_or_else(|| first.clone());
        let patience = Duration::from_millis(chance.below(20));
        let killed = tokio::time::timeout(patience, fixture.receive(&first));
        let (outcome, done) = future::join(killed, fixture.receive(&second)).await;
        assert!(done.is_ok(), "seed {seed}: {done:?}");
        if outcome.is_err() {
            // Not answered: Stripe sends it again.
            waiting.push(first);
        }
    }
    for event in waiting {
        fixture.accept(&event).await;
    }
    fixture
        .app
        .services
        .billing
        .reconcile()
        .await
        .expect("it is whole");

    let seen = fixture.view().await;
    let shown = seen.subscription.as_ref();
    let all = fixture.stripe.subscriptions();
    match all.iter().find(|one| one.status != "canceled") {
        Some(living) => {
            let shown = shown.expect("it is mirrored");
            assert_eq!(shown.stripe_id, living.id, "seed {seed}");
            assert_eq!(shown.status.as_str(), living.status, "seed {seed}");
            let ends = living.cancel_at_period_end;
            assert_eq!(shown.cancel_at_period_end, ends, "seed {seed}");
            let plan = if living.price.contains("ultra") {
                Plan::Ultra
            } else {
                Plan::Pro
            };
            assert_eq!(shown.plan, Some(plan), "seed {seed}");
        }
        None => {
            assert!(
                shown.is_none_or(|shown| shown.status.is_final()),
                "seed {seed}"
            );
        }
    }
    let revived: i64 = sqlx::query_scalar(
        "select count(*) from activity where kind = 'subscription.changed' and detail like '%, canceled'",
    )
    .fetch_one(fixture.app.services.db.pool())
    .await
    .expect("the audit log answers");
    let ended = all.iter().filter(|one| one.status == "canceled").count();
    assert!(
        revived <= i64::try_from(ended).expect("few"),
        "each ends once: seed {seed}"
    );
}
