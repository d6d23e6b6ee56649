use super::{Orgs, tell::News};
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db,
    domain::{ActivityKind, FirstDay, Permission, WithoutSecondFactor},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Orgs {
    /// Who would lose access if the organization required a second factor. Needs
    /// [`Permission::DeleteOrg`], as requiring one does: owners lose it as well.
    ///
    /// It reads all members, so it is a heavy read.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the permission; [`Error::TooManyAtOnce`] and
    /// [`Error::Busy`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.list_without_second_factor", skip_all)]
    #[boxed]
    pub async fn list_without_second_factor(
        &self,
        access: &OrgAccess,
    ) -> Result<WithoutSecondFactor> {
        access.require(Permission::DeleteOrg)?;
        let org = access.org_id();
        let list =
            |reader| async move { db::members::list_without_second_factor(&reader, org).await };
        self.db.heavy_read(access.user().id, list).await
    }

    /// Has members without a second factor lose their access from a day on, until they set
    /// one up, and mails it to them. Needs [`Permission::DeleteOrg`], and a second factor of
    /// whoever asks.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `from`; [`Error::Conflict`] for somebody without a
    /// second factor; [`Error::ConfirmFirst`]; [`Error::Forbidden`] without the permission;
    /// [`Error::NotFound`] if organization or membership are gone by now.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.require_second_factor", skip_all)]
    #[boxed]
    pub async fn require_second_factor(&self, access: &OrgAccess, from: FirstDay) -> Result<()> {
        access.require(Permission::DeleteOrg)?;
        let mut change = self.begin_confirmed_change(access).await?;
        change.require(Permission::DeleteOrg)?;
        let actor = change.actor.user_id;
        if !db::credentials::has_second_factor(&mut change.tx, actor).await? {
            return Err(Error::refused(
                "Set up a second factor of your own first, or you would lock yourself out.",
            ));
        }
        let begins_at = Some(from.begins_at());
        if change.org.second_factor_from == begins_at {
            return Ok(());
        }
        from.check(self.clock.now())?;
        db::orgs::set_second_factor_from(&mut change.tx, change.id, begins_at).await?;
        let day = from.to_string();
        change
            .record(ActivityKind::SecondFactorRequired, "", &day)
            .await?;
        let news = News::SecondFactorRequired {
            by: change.actor.name.clone(),
            from: from.begins_at(),
        };
        self.tell(&mut change.tx, change.id, news).await?;
        let outdated = [keys::membership(&change.org.slug, actor)];
        self.cache.commit(change.tx, &outdated).await
    }

    /// Requires a second factor of nobody any more. Needs [`Permission::DeleteOrg`].
    ///
    /// # Errors
    /// [`Error::ConfirmFirst`]; [`Error::Forbidden`] without the permission;
    /// [`Error::NotFound`] if organization or membership are gone by now.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.stop_requiring_second_factor", skip_all)]
    #[boxed]
    pub async fn stop_requiring_second_factor(&self, access: &OrgAccess) -> Result<()> {
        access.require(Permission::DeleteOrg)?;
        let mut change = self.begin_confirmed_change(access).await?;
        change.require(Permission::DeleteOrg)?;
        if change.org.second_factor_from.is_none() {
            return Ok(());
        }
        db::orgs::set_second_factor_from(&mut change.tx, change.id, None).await?;
        change
            .record(ActivityKind::SecondFactorNotRequired, "", "")
            .await?;
        let outdated = [keys::membership(&change.org.slug, change.actor.user_id)];
        self.cache.commit(change.tx, &outdated).await
    }
}
