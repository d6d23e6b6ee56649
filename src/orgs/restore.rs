use super::{Orgs, tell::News};
use crate::{
    auth::SignedIn,
    boxed,
    cache::keys,
    db::{self, activity::NewActivity},
    domain::{ActivityKind, OrgSlug, RESTORABLE_FOR},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// Brings a deleted organization back, as it was but for the subscription, and returns its
    /// slug. For its owners, of whom nobody has a proof of membership while it is deleted: the
    /// right is proved here, under the lock. One that was restored already is left as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such organization, the user does not own it or is
    /// suspended, or it was deleted longer ago than [`RESTORABLE_FOR`];
    /// [`Error::SecondFactorFirst`]; [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.restore", skip_all)]
    #[boxed]
    pub async fn restore(&self, user: &SignedIn, slug: &OrgSlug) -> Result<OrgSlug> {
        let (mut tx, _name) = self.begin(user).await?;
        let found = db::deleted_orgs::lock_by_slug(&mut tx, slug).await?;
        let (id, org) = found.ok_or(Error::NotFound)?;
        let owner = db::deleted_orgs::find_owner(&mut tx, id, user.id).await?;
        let owner = owner.ok_or(Error::NotFound)?;
        let now = self.clock.now();
        let is_required = org.second_factor_from.is_some_and(|from| from <= now);
        if is_required && !owner.has_second_factor {
            return Err(Error::SecondFactorFirst);
        }
        let Some(deleted_at) = org.deleted_at else {
            return Ok(org.slug);
        };
        if now >= deleted_at + RESTORABLE_FOR {
            return Err(Error::NotFound);
        }

        db::deleted_orgs::unmark(&mut tx, id).await?;
        let activity = NewActivity {
            org: id,
            actor: Some(user.id),
            actor_name: &owner.member.name,
            kind: ActivityKind::OrgRestored,
            subject: &org.name,
            detail: "",
        };
        db::activity::insert(&mut tx, activity).await?;
        let by = owner.member.name.clone();
        self.tell(&mut tx, id, News::Restored { by }).await?;
        let outdated = [
            keys::membership(&org.slug, user.id),
            keys::user_orgs(user.id),
            keys::deleted_orgs(user.id),
        ];
        self.cache.commit(tx, &outdated).await?;
        Ok(org.slug)
    }
}
