//! Keeping the mirror fresh where no webhook comes by: a look at an old row starts a
//! comparison in the background.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;
use time::{Duration, OffsetDateTime};

use super::{Billing, sync::Cause};
use crate::{
    domain::{OrgId, SubscriptionView},
    error::{Result, chain},
    recording,
};

/// Age at which a row is compared with Stripe again. Webhooks keep it right; this only
/// heals what they missed.
pub(super) const MAX_AGE: Duration = Duration::minutes(5);

/// How long an organization is not compared after a failure, however many users look.
const PAUSE_AFTER_FAILURE: Duration = Duration::MINUTE;

/// Which organizations are being compared, or were without success. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Refreshes {
    by_org: Arc<Mutex<HashMap<OrgId, State>>>,
    /// Whether the last comparison of any organization failed: an outage is logged once,
    /// not once per page.
    failing: Arc<AtomicBool>,
}

enum State {
    Running,
    PausedUntil(OffsetDateTime),
}

/// Whether an organization is compared now.
enum Turn {
    Now(Running),
    UnderWay,
    /// It failed a moment ago.
    NotBefore(OffsetDateTime),
}

impl Refreshes {
    /// Whether to compare `org` now.
    fn begin(&self, org: OrgId, now: OffsetDateTime) -> Turn {
        match self.by_org.lock().entry(org) {
            Entry::Vacant(vacant) => {
                vacant.insert(State::Running);
            }
            Entry::Occupied(mut occupied) => match occupied.get() {
                State::Running => return Turn::UnderWay,
                State::PausedUntil(then) if *then > now => return Turn::NotBefore(*then),
                State::PausedUntil(_) => {
                    occupied.insert(State::Running);
                }
            },
        }
        Turn::Now(Running {
            refreshes: self.clone(),
            org,
            next: None,
        })
    }
}

/// A comparison under way. Ends when it is dropped, so that none seems to run whose task
/// is gone.
struct Running {
    refreshes: Refreshes,
    org: OrgId,
    next: Option<State>,
}

impl Running {
    /// Records the outcome.
    fn end(mut self, result: Result<()>, now: OffsetDateTime) {
        let failed_before = self
            .refreshes
            .failing
            .swap(result.is_err(), Ordering::Relaxed);
        let Err(error) = result else {
            if failed_before {
                tracing::info!("subscriptions are compared with Stripe again");
            }
            return;
        };
        self.next = Some(State::PausedUntil(now + PAUSE_AFTER_FAILURE));
        let error = chain(&error);
        if failed_before {
            tracing::debug!(org.id = %self.org, error, "still no comparison with Stripe");
        } else {
            tracing::warn!(org.id = %self.org, error, "no comparison with Stripe; subscription pages show the last known state");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut states = self.refreshes.by_org.lock();
        match self.next.take() {
            Some(next) => states.insert(self.org, next),
            None => states.remove(&self.org),
        };
    }
}

impl Billing {
    /// Starts a comparison in the background if `view` is too old, unless one is
    /// under way or failed a moment ago. Never waits.
    pub(super) fn refresh_if_old(&self, org: OrgId, view: &SubscriptionView) {
        // What has ended stays ended; another subscription announces itself.
        let living = view.subscription.as_ref();
        let Some(living) = living.filter(|subscription| !subscription.status.is_final()) else {
            return;
        };
        let now = self.clock.now();
        let oldest = now - MAX_AGE;
        if living.synced_at >= oldest {
            recording::ends_at(living.synced_at + MAX_AGE);
            return;
        }
        let running = match self.refreshes.begin(org, now) {
            Turn::Now(running) => running,
            Turn::UnderWay => return recording::is_for_once(),
            Turn::NotBefore(then) => return recording::ends_at(then),
        };
        recording::is_for_once();
        let billing = self.clone();
        tokio::spawn(async move {
            let result = billing.refresh(org, oldest).await;
            running.end(result, billing.clock.now());
        });
    }

    async fn refresh(&self, org: OrgId, oldest: OffsetDateTime) -> Result<()> {
        self.sync_org(org, None, Cause::OlderThan(oldest)).await?;
        Ok(())
    }
}
