//! Ten thousand random histories of one organization: subscriptions begin, fail, end and are
//! bought again under other customers; prices lose their look-up keys; events are duplicated,
//! reordered, delayed and dropped; handlers are killed between any two steps. The steps of a
//! handler are those of `sync`: lock, ask, decide, write; the rules are the product's own.
//! `tests/billing/histories.rs` runs some of the same with the database and over HTTP.

use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use super::*;

const HISTORIES: u64 = 10_000;
const STEPS: usize = 40;

/// What our database holds.
#[derive(Clone, Default)]
struct Database {
    mirrored: Option<Mirrored>,
    customer: Option<String>,
    processed: Vec<usize>,
}

/// Where a handler of an event stands.
enum Handler {
    /// It has the lock.
    Locked { event: usize },
    /// It has Stripe's answer.
    Asked {
        event: usize,
        answer: Vec<RemoteSubscription>,
    },
}

struct World {
    random: StdRng,
    /// The truth.
    stripe: Vec<RemoteSubscription>,
    /// How many were made.
    events: usize,
    /// Events to be delivered, some of them twice.
    queue: Vec<usize>,
    handler: Option<Handler>,
    database: Database,
    /// Subscriptions that the mirror once showed as ended.
    ended: Vec<String>,
    time: i64,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            stripe: Vec::new(),
            events: 0,
            queue: Vec::new(),
            handler: None,
            database: Database::default(),
            ended: Vec::new(),
            time: 0,
        }
    }

    fn announce(&mut self) {
        let event = self.events;
        self.events += 1;
        match self.random.random_range(0..10) {
            0 | 1 => {}
            2 | 3 => self.queue.extend([event, event]),
            _ => self.queue.push(event),
        }
    }

    /// Something happens at Stripe.
    fn happen(&mut self) {
        // Several things happen within a second.
        self.time += self.random.random_range(0..2);
        let living: Vec<usize> = (0..self.stripe.len())
            .filter(|at| !self.stripe[*at].status.is_final())
            .collect();
        match (
            living.choose(&mut self.random).copied(),
            self.random.random_range(0..6),
        ) {
            (None, _) => self.buy(),
            (Some(at), 0) => {
                self.stripe[at].status = SubscriptionStatus::Canceled;
                self.stripe[at].canceled_at = Some(moment(self.time));
            }
            (Some(at), 1) => self.stripe[at].status = SubscriptionStatus::PastDue,
            (Some(at), 2) => self.stripe[at].status = SubscriptionStatus::Active,
            // The look-up key moves on to a new price.
            (Some(at), 3) => self.stripe[at].items[0].price.plan = None,
            (Some(at), 4) => {
                let plan = *[Plan::Pro, Plan::Ultra]
                    .choose(&mut self.random)
                    .expect("two plans");
                self.stripe[at].items = vec![item("si_1", Some(plan))];
            }
            (Some(at), _) => self.stripe[at].cancel_at_period_end ^= true,
        }
        self.announce();
    }

    fn buy(&mut self) {
        let id = format!("sub_{}", self.stripe.len());
        let status = if self.random.random_bool(0.3) {
            "trialing"
        } else {
            "active"
        };
        let mut bought = remote(&id, status, self.time);
        // Sometimes under a customer that nobody has heard of.
        let customer = self.random.random_range(0..3);
        bought.customer = Some(format!("cus_{customer}"));
        self.stripe.push(bought);
    }

    /// One step of whoever handles events: one has the lock at a time.
    fn handle(&mut self) {
        if self.random.random_bool(0.1) {
            // Killed: the lock ends with its session, nothing was written, and what was not
            // answered is delivered again.
            if let Some(Handler::Locked { event } | Handler::Asked { event, .. }) =
                self.handler.take()
            {
                self.queue.push(event);
            }
            return;
        }
        self.handler = match self.handler.take() {
            None if self.queue.is_empty() => None,
            None => {
                // In any order.
                let at = self.random.random_range(0..self.queue.len());
                let event = self.queue.swap_remove(at);
                (!self.database.processed.contains(&event)).then_some(Handler::Locked { event })
            }
            Some(Handler::Locked { event }) => Some(Handler::Asked {
                event,
                answer: self.stripe.clone(),
            }),
            Some(Handler::Asked { event, answer }) => {
                self.write(&answer);
                self.database.processed.push(event);
                None
            }
        };
    }

    /// As one transaction: all of it, or nothing.
    fn write(&mut self, answer: &[RemoteSubscription]) {
        let before = self.database.mirrored.as_ref();
        let Some(decision) = decide(answer, before, moment(self.time)) else {
            return;
        };
        let seen = &decision.subscription;
        if seen.status.is_final() {
            self.ended.push(seen.stripe_id.clone());
        } else {
            assert!(!self.ended.contains(&seen.stripe_id), "it was revived");
            if decision.customer.is_some() {
                self.database.customer.clone_from(&decision.customer);
            }
        }
        self.database.mirrored = Some(Mirrored {
            subscription: decision.subscription,
            price_id: decision.price_id,
        });
    }

    /// What the product promises, said without its rules.
    fn check(&self) {
        let mirrored = self
            .database
            .mirrored
            .as_ref()
            .map(|found| &found.subscription);
        let living: Vec<_> = self
            .stripe
            .iter()
            .filter(|one| !one.status.is_final())
            .collect();
        match (living.as_slice(), mirrored) {
            ([], None) => {}
            ([], Some(seen)) => assert!(seen.status.is_final(), "{seen:?}"),
            ([one], Some(seen)) => {
                assert_eq!(seen.stripe_id, one.id);
                assert_eq!(seen.status, one.status);
                assert_eq!(seen.cancel_at_period_end, one.cancel_at_period_end);
                assert_eq!(self.database.customer, one.customer);
                assert_eq!(seen.terms.conflict.is_some(), seen.plan.is_none());
                if let Some(plan) = one.items[0].price.plan {
                    assert_eq!(seen.plan, Some(plan));
                }
            }
            (living, seen) => panic!("{living:?} and {seen:?}"),
        }
    }
}

#[test]
fn ten_thousand_histories_end_in_what_stripe_holds() {
    let mut bought_again = 0;
    for seed in 0..HISTORIES {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            if world.random.random_bool(0.4) {
                world.happen();
            } else {
                world.handle();
            }
        }
        // Everything that was not dropped arrives, and what was dropped is reconciled.
        while world.handler.is_some() || !world.queue.is_empty() {
            world.handle();
        }
        let answer = world.stripe.clone();
        world.write(&answer);
        world.check();
        // Comparing once more changes nothing.
        let settled = world.database.mirrored.clone();
        world.write(&answer);
        assert_eq!(world.database.mirrored, settled, "seed {seed}");
        bought_again += usize::from(world.stripe.len() > 1);
    }
    assert!(bought_again > 1_000, "only {bought_again} bought again");
}
