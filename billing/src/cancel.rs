//! Having the subscription end with its period, and taking that back.

use super::{Billing, sync::Cause, sync::Turn};
use crate::{
    access::OrgAccess,
    boxed,
    db::subscriptions,
    domain::{ActivityKind, CancelReason, Permission, WishKind},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Billing {
    /// Has the subscription end when what is paid for does, and keeps why. A change that was
    /// to come is taken back.
    ///
    /// # Errors
    /// [`Error::Conflict`] if there is none, or it ends already; [`Error::Forbidden`] without
    /// [`Permission::ManageSubscription`]; [`Error::Unavailable`] if Stripe does not answer:
    /// trying again is safe.
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.cancel", skip_all)]
    #[boxed]
    pub async fn cancel(&self, access: &OrgAccess, reason: &CancelReason) -> Result<()> {
        access.require(Permission::ManageSubscription)?;
        let mut turn = self.take_turn(access.org_id()).await?;
        let cancelled = self.cancel_in_turn(&mut turn, access, reason).await;
        turn.end().await;
        cancelled
    }

    async fn cancel_in_turn(
        &self,
        turn: &mut Turn<'_>,
        access: &OrgAccess,
        reason: &CancelReason,
    ) -> Result<()> {
        let living = self.get_living(turn, access).await?;
        if living.mirrored.is_ending() {
            return Err(Error::refused("The subscription is cancelled already."));
        }
        let wish = WishKind::Cancel;
        let id = &living.remote.id;
        let feedback = reason.feedback.as_str();
        // All that is sent is part of it: a key stands for one request.
        let detail = format!("{id} {feedback} {}", reason.comment);
        let intent = self.write_down(access, wish, &detail).await?;
        let key = intent.id.to_string();
        let done = async {
            if let Some(schedule) = &living.remote.schedule {
                let key = format!("{}-release", intent.id);
                self.stripe.release_schedule(&schedule.id, &key).await?;
            }
            self.stripe.cancel_at_period_end(id, reason, &key).await
        };
        let done = done.await;
        self.settle(access, wish, &intent, done).await?;
        let mut tx = self.db.begin().await?;
        subscriptions::keep_cancellation(
            &mut tx,
            access.org_id(),
            id,
            feedback,
            &reason.comment,
            self.clock.now(),
        )
        .await?;
        // Nothing cached depends on it.
        tx.commit_unannounced().await?;
        let kind = ActivityKind::SubscriptionCancelled;
        self.fulfil(access, &intent, kind, reason.feedback.label())
            .await?;
        self.sync_in_turn(turn, access.org_id(), None, Cause::Asked)
            .await?;
        Ok(())
    }

    /// Has a subscription go on that was to end.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it does not end, or has ended; otherwise as [`Self::cancel`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "billing.restore", skip_all)]
    #[boxed]
    pub async fn restore(&self, access: &OrgAccess) -> Result<()> {
        access.require(Permission::ManageSubscription)?;
        let mut turn = self.take_turn(access.org_id()).await?;
        let restored = self.restore_in_turn(&mut turn, access).await;
        turn.end().await;
        restored
    }

    async fn restore_in_turn(&self, turn: &mut Turn<'_>, access: &OrgAccess) -> Result<()> {
        let living = self.get_living(turn, access).await?;
        if !living.mirrored.is_ending() {
            return Err(Error::refused(
                "The subscription is not cancelled: there is nothing to restore.",
            ));
        }
        let wish = WishKind::Restore;
        let intent = self.write_down(access, wish, &living.remote.id).await?;
        let key = intent.id.to_string();
        let done = self.stripe.keep_going(&living.remote.id, &key).await;
        self.settle(access, wish, &intent, done).await?;
        let kind = ActivityKind::SubscriptionRestored;
        self.fulfil(access, &intent, kind, "").await?;
        self.sync_in_turn(turn, access.org_id(), None, Cause::Asked)
            .await?;
        Ok(())
    }
}
