//! What all changes at Stripe have in common: who may, in whose turn, and what is left behind
//! if the process dies in the middle.
//!
//! A wish is written down before Stripe is asked, with an id that becomes the idempotency key.
//! If the answer is lost, whoever wants the same again within a day asks with the same key,
//! and Stripe does it once. The page shows the wish until a comparison has seen what came of
//! it.

use time::Duration;

use super::{
    Billing,
    gateway::{RemoteItem, RemoteSubscription},
    sync::{Cause, Turn},
};
use crate::{
    access::OrgAccess,
    cache::keys,
    db::{
        self, Tx,
        activity::NewActivity,
        orgs::OrgForChange,
        subscriptions::{self, Intent, NewIntent},
    },
    domain::{ActivityKind, Permission, Subscription, WishKind},
    error::{Error, Result},
};

/// How long an intent is taken up again. Stripe forgets idempotency keys after a day.
const KEY_LIFETIME: Duration = Duration::hours(23);

/// A subscription that can be changed, as Stripe has it now.
pub(super) struct Living {
    pub mirrored: Subscription,
    pub remote: RemoteSubscription,
    pub item: RemoteItem,
}

impl Billing {
    /// Begins a write by a member who may manage the subscription, under the organization's
    /// row lock.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::NotFound`] if the organization is gone by now, or the
    /// member's access to it; [`Error::SignedOut`].
    pub(super) async fn begin(&self, access: &OrgAccess) -> Result<(Tx, OrgForChange)> {
        access.require(Permission::ManageSubscription)?;
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        access.signed_in().hold(&mut tx, now).await?;
        let org = access.org_id();
        let found = db::orgs::lock(&mut tx, org).await?.ok_or(Error::NotFound)?;
        let actor = db::members::find_actor(&mut tx, org, access.user().id, now).await?;
        if !actor
            .ok_or(Error::NotFound)?
            .role
            .may(Permission::ManageSubscription)
        {
            return Err(Error::Forbidden);
        }
        Ok((tx, found))
    }

    /// Writes a wish down, before Stripe is asked.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub(super) async fn write_down(
        &self,
        access: &OrgAccess,
        wish: WishKind,
        detail: &str,
    ) -> Result<Intent> {
        let (mut tx, org) = self.begin(access).await?;
        let now = self.clock.now();
        let new = NewIntent {
            org: access.org_id(),
            kind: wish.as_str(),
            detail,
            now,
            oldest: now - KEY_LIFETIME,
        };
        let intent = subscriptions::open_intent(&mut tx, new).await?;
        subscriptions::note_wish(&mut tx, access.org_id(), wish, now).await?;
        self.cache
            .commit(tx, &[keys::subscription(&org.slug)])
            .await?;
        Ok(intent)
    }

    /// Ends a wish that Stripe has done, and writes into the audit log who had it.
    pub(super) async fn fulfil(
        &self,
        access: &OrgAccess,
        intent: &Intent,
        kind: ActivityKind,
        detail: &str,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        subscriptions::close_intent(&mut tx, intent.id, self.clock.now()).await?;
        record(&mut tx, access, kind, detail).await?;
        self.cache.commit(tx, &[]).await
    }

    /// Ends a wish if Stripe refused it; if nobody knows what Stripe did, the page goes on
    /// showing it until a comparison tells.
    pub(super) async fn settle<T>(
        &self,
        access: &OrgAccess,
        wish: WishKind,
        intent: &Intent,
        outcome: Result<T>,
    ) -> Result<T> {
        if let Err(Error::Conflict(_) | Error::Internal(_)) = &outcome {
            let mut tx = self.db.begin().await?;
            subscriptions::close_intent(&mut tx, intent.id, self.clock.now()).await?;
            subscriptions::forget_wish(&mut tx, access.org_id(), wish).await?;
            self.cache
                .commit(tx, &[keys::subscription(access.slug())])
                .await?;
        }
        outcome
    }

    /// The organization's subscription, compared with Stripe just now.
    ///
    /// # Errors
    /// [`Error::Conflict`] if there is none that could be changed.
    pub(super) async fn get_living(
        &self,
        turn: &mut Turn<'_>,
        access: &OrgAccess,
    ) -> Result<Living> {
        let org = access.org_id();
        self.sync_in_turn(turn, org, None, Cause::Asked).await?;
        let none = || Error::refused("There is no subscription to change. Choose a plan first.");
        let mirrored = subscriptions::find_mirrored(&self.db.reader(), org).await?;
        let mirrored = mirrored
            .map(|mirrored| mirrored.subscription)
            .filter(|mirrored| !mirrored.status.is_final())
            .ok_or_else(none)?;
        let remote = self.stripe.find_subscription(&mirrored.stripe_id).await?;
        let mut remote = remote.ok_or_else(none)?;
        self.resolve_plans(std::slice::from_mut(&mut remote))
            .await?;
        let item = remote.main_item().cloned().ok_or_else(|| {
            Error::refused(
                "What is paid for cannot be read at the moment. Change it on Stripe's page.",
            )
        })?;
        Ok(Living {
            mirrored,
            remote,
            item,
        })
    }
}

/// Writes what the member did into the audit log.
pub(super) async fn record(
    tx: &mut Tx,
    access: &OrgAccess,
    kind: ActivityKind,
    detail: &str,
) -> Result<()> {
    let activity = NewActivity {
        org: access.org_id(),
        actor: Some(access.user().id),
        actor_name: access.user().name.as_str(),
        kind,
        subject: "",
        detail,
    };
    db::activity::insert(tx, activity).await
}
