//! Comparing everything with Stripe, once a day or when an operator says so: what webhooks
//! missed is found, told and repaired.
//!
//! It goes on where it was cut off, by a rate limit or a restart, and counts as done only when
//! every organization was compared and every event was looked for. Its age is the time since
//! the last whole one *began*.

use std::collections::BTreeSet;

use time::Duration;

use super::{
    Billing,
    event::{Event, Handling, SYNCED_TYPES},
    sync::{Cause, Synced},
    webhook::WebhookOutcome,
};
use crate::{
    boxed,
    db::{
        subscriptions::{self, ReconcileState},
        webhook_events,
    },
    error::{Error, Result, chain},
    telemetry::{SPANS, names},
};

/// Organizations that are read at a time.
const BATCH: i64 = 100;

/// How far before the last whole comparison events are looked for again: they are listed a
/// moment after they happen, and clocks differ.
const OVERLAP: Duration = Duration::HOUR;

/// How far back they are looked for if there never was one: Stripe keeps them for 30 days.
const EVENTS_KEPT: Duration = Duration::days(29);

/// A comparison that was cut off longer ago than this begins anew.
const STALE: Duration = Duration::DAY;

/// What a comparison of everything found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReconcileReport {
    pub compared: u64,
    /// Organizations whose mirror showed something else.
    pub drifted: u64,
    /// Events that never arrived.
    pub missed_events: u64,
}

impl Billing {
    /// Compares everything with Stripe, and repairs what differs.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if Stripe or the database does not answer, or not now: it goes on
    /// from there the next time. [`Error::Internal`] if some organizations could not be
    /// compared, after all others were.
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.reconcile", skip_all)]
    #[boxed]
    pub async fn reconcile(&self) -> Result<ReconcileReport> {
        let now = self.clock.now();
        let found = subscriptions::find_reconcile(&self.db.reader()).await?;
        let whole_since = found.and_then(|found| found.whole_since);
        let cut_off =
            found.filter(|found| found.finished_at.is_none() && now - found.started_at < STALE);
        let mut state = cut_off.unwrap_or(ReconcileState {
            started_at: now,
            came_to: None,
            compared: 0,
            drifted: 0,
            missed_events: 0,
            finished_at: None,
            whole_since,
        });
        self.keep(&state).await?;
        let mut failures = 0_u64;
        self.compare_known(&mut state, &mut failures).await?;
        self.compare_unknown(&mut state, &mut failures).await?;
        self.catch_up(&mut state, &mut failures).await?;
        self.fetch_prices().await?;
        if failures > 0 {
            // Those that failed are tried again with all others.
            state.came_to = None;
            self.keep(&state).await?;
            return Err(Error::internal(format!(
                "{failures} comparisons with Stripe failed; the log says which"
            )));
        }
        state.finished_at = Some(self.clock.now());
        state.whole_since = Some(state.started_at);
        self.keep(&state).await?;
        let report = ReconcileReport {
            compared: state.compared.unsigned_abs(),
            drifted: state.drifted.unsigned_abs(),
            missed_events: state.missed_events.unsigned_abs(),
        };
        tracing::info!(
            compared = report.compared,
            drifted = report.drifted,
            missed_events = report.missed_events,
            "everything was compared with Stripe"
        );
        Ok(report)
    }

    /// Seconds since the last whole comparison began; `None`: there never was one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn reconcile_age(&self) -> Result<Option<Duration>> {
        let found = subscriptions::find_reconcile(&self.db.reader()).await?;
        let whole_since = found.and_then(|found| found.whole_since);
        Ok(whole_since.map(|since| self.clock.now() - since))
    }

    async fn keep(&self, state: &ReconcileState) -> Result<()> {
        let mut tx = self.db.begin().await?;
        subscriptions::keep_reconcile(&mut tx, state).await?;
        // Nothing cached depends on it.
        tx.commit_unannounced().await
    }

    /// Those that we know to pay.
    async fn compare_known(&self, state: &mut ReconcileState, failures: &mut u64) -> Result<()> {
        loop {
            let reader = self.db.reader();
            let orgs = subscriptions::list_to_compare(&reader, state.came_to, BATCH).await?;
            for &org in &orgs {
                let synced = self.sync_org(org, None, Cause::Reconcile).await;
                match bearable(synced, failures, &org) {
                    Ok(synced) => self.note(state, synced),
                    Err(away) => {
                        self.keep(state).await?;
                        return Err(away);
                    }
                }
                state.came_to = Some(org);
            }
            self.keep(state).await?;
            if orgs.is_empty() {
                return Ok(());
            }
        }
    }

    /// Those that Stripe knows to pay and we do not: bought under a customer of which no event
    /// arrived.
    async fn compare_unknown(&self, state: &mut ReconcileState, failures: &mut u64) -> Result<()> {
        let mut after = None;
        let mut seen = BTreeSet::new();
        loop {
            let (customers, next) = self.stripe.list_paying_customers(after.as_deref()).await?;
            for customer in customers {
                let reader = self.db.reader();
                let known = subscriptions::find_org_of_customer(&reader, &customer).await?;
                if known.is_some() || !seen.insert(customer.clone()) {
                    continue;
                }
                let synced = self.sync_customer(&customer, Cause::Reconcile).await;
                let synced = bearable(synced, failures, &customer)?;
                self.note(state, synced);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Events that never arrived, the oldest first. Their mails are sent now.
    async fn catch_up(&self, state: &mut ReconcileState, failures: &mut u64) -> Result<()> {
        let since = match state.whole_since {
            Some(since) => since - OVERLAP,
            None => state.started_at - EVENTS_KEPT,
        };
        let mut missed = Vec::new();
        let mut after = None;
        loop {
            let page = self
                .stripe
                .list_events(&SYNCED_TYPES, since, after.as_deref())
                .await?;
            let events: Vec<Event> = page
                .events
                .iter()
                .filter_map(|event| Event::parse(event.to_string().as_bytes()).ok())
                .collect();
            let ids: Vec<String> = events.iter().map(|event| event.id.clone()).collect();
            let known = webhook_events::list_processed(&self.db.reader(), &ids).await?;
            missed.extend(
                events.into_iter().filter(|event| {
                    event.handling() == Handling::Sync && !known.contains(&event.id)
                }),
            );
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        for event in missed.iter().rev() {
            let outcome = self.take_event(event).await;
            match bearable(outcome, failures, &event.id)? {
                Some(WebhookOutcome::Processed | WebhookOutcome::Conflict) => {
                    state.missed_events += 1;
                }
                _ => continue,
            }
        }
        self.keep(state).await
    }

    fn note(&self, state: &mut ReconcileState, synced: Option<Synced>) {
        if let Some(Synced::Compared { drifted, .. }) = synced {
            state.compared += 1;
            if drifted {
                state.drifted += 1;
                metrics::counter!(names::STRIPE_DRIFT).increment(1);
            }
        }
    }
}

/// What one failed does not keep the others from being compared; what is away does.
fn bearable<T>(
    outcome: Result<T>,
    failures: &mut u64,
    what: &impl std::fmt::Display,
) -> Result<Option<T>> {
    match outcome {
        Ok(done) => Ok(Some(done)),
        Err(error @ Error::Unavailable(..)) => Err(error),
        Err(error) => {
            *failures += 1;
            let error = chain(&error);
            tracing::warn!(what = %what, error, "could not be compared with Stripe");
            Ok(None)
        }
    }
}
