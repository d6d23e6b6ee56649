use super::{Orgs, tell::News};
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db,
    domain::{ActivityKind, Invalid, OrgId, OrgSlug, Permission, RESTORABLE_FOR, text},
    error::{Error, Result, chain},
    telemetry::SPANS,
};

impl Orgs {
    /// Deletes the organization, so that nobody has access to it any more; for
    /// [`RESTORABLE_FOR`] an owner can restore it, and its slugs stay taken. `confirmation` is
    /// the slug, typed by who wants this. Needs [`Permission::DeleteOrg`].
    ///
    /// The subscription is cancelled first, at Stripe. What cannot be undone there is not done
    /// for somebody who may not, so rights are checked before, and once more with the lock
    /// that the change takes. If the process dies in between, the subscription is cancelled,
    /// nothing is deleted, and asking again finishes it.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `confirmation` if it is not the slug;
    /// [`Error::Conflict`] if Stripe does not answer, and nothing is deleted then;
    /// [`Error::ConfirmFirst`]; [`Error::Forbidden`] without the permission;
    /// [`Error::NotFound`] if organization or membership are gone by now.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.delete", skip_all)]
    #[boxed]
    pub async fn delete(&self, access: &OrgAccess, confirmation: &str) -> Result<()> {
        access.require(Permission::DeleteOrg)?;
        let change = self.begin_confirmed_change(access).await?;
        change.require(Permission::DeleteOrg)?;
        is_confirmed(confirmation, &change.org.slug)?;
        // No lock is held while Stripe is asked.
        drop(change);
        self.end_subscription(access.org_id()).await?;

        let mut change = self.begin_confirmed_change(access).await?;
        change.require(Permission::DeleteOrg)?;
        let (now, actor) = (self.clock.now(), change.actor.user_id);
        db::deleted_orgs::mark(&mut change.tx, change.id, actor, now).await?;
        let name = change.org.name.clone();
        change.record(ActivityKind::OrgDeleted, &name, "").await?;
        let news = News::Deleted {
            by: change.actor.name.clone(),
            until: now + RESTORABLE_FOR,
        };
        self.tell(&mut change.tx, change.id, news).await?;
        let slug = &change.org.slug;
        let outdated = [
            keys::membership(slug, actor),
            keys::user_orgs(actor),
            keys::deleted_orgs(actor),
            keys::org_overview(slug),
            keys::subscription(slug),
            keys::former_slugs(slug),
        ];
        self.cache.commit(change.tx, &outdated).await
    }

    async fn end_subscription(&self, org: OrgId) -> Result<()> {
        let ended = self.billing.end_subscription(org).await;
        ended.map_err(|error| match error {
            Error::Unavailable("Stripe", _) => {
                let error = chain(&error);
                tracing::warn!(org.id = %org, error, "Stripe does not answer, so an organization is not deleted");
                Error::refused(
                    "We could not cancel the subscription, because our payment provider does not \
                     answer. Nothing was deleted. Try again in a few minutes.",
                )
            }
            other => other,
        })
    }
}

fn is_confirmed(typed: &str, slug: &OrgSlug) -> Result<(), Invalid> {
    if text::trimmed(typed) == slug.as_str() {
        return Ok(());
    }
    Err(Invalid::new(
        "confirmation",
        format!("Type {slug} to delete the organization."),
    ))
}
