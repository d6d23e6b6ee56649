use super::{Change, Orgs};
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db,
    domain::{ActivityKind, Permission, PictureOf},
    error::Result,
    telemetry::SPANS,
};

impl Orgs {
    /// Gives the organization a logo. Needs [`Permission::UpdateOrg`].
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`] on the field `logo`; [`crate::error::Error::Busy`]
    /// while another picture is decoded; [`crate::error::Error::Forbidden`] without the
    /// permission; [`crate::error::Error::NotFound`] if organization or membership are gone
    /// by now.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.change_logo", skip_all)]
    #[boxed]
    pub async fn change_logo(&self, access: &OrgAccess, sent: Vec<u8>) -> Result<()> {
        // Before the work of decoding, which nobody else shall cause.
        access.require(Permission::UpdateOrg)?;
        let logo = self.pictures.make(PictureOf::Organization, sent).await?;
        let mut change = self.begin_change(access).await?;
        change.require(Permission::UpdateOrg)?;
        db::pictures::set_of_org(&mut change.tx, change.id, &logo.hash(), &logo.0).await?;
        change.record(ActivityKind::LogoChanged, "", "").await?;
        self.commit_logo(change).await
    }

    /// Takes the organization's logo away, if it has one. Needs [`Permission::UpdateOrg`].
    ///
    /// # Errors
    /// As [`Self::change_logo`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.remove_logo", skip_all)]
    #[boxed]
    pub async fn remove_logo(&self, access: &OrgAccess) -> Result<()> {
        access.require(Permission::UpdateOrg)?;
        let mut change = self.begin_change(access).await?;
        change.require(Permission::UpdateOrg)?;
        if !db::pictures::remove_of_org(&mut change.tx, change.id).await? {
            return Ok(());
        }
        change.record(ActivityKind::LogoRemoved, "", "").await?;
        self.commit_logo(change).await
    }

    async fn commit_logo(&self, change: Change) -> Result<()> {
        let (slug, user) = (&change.org.slug, change.actor.user_id);
        let outdated = [
            keys::membership(slug, user),
            keys::user_orgs(user),
            keys::org_overview(slug),
        ];
        self.cache.commit(change.tx, &outdated).await
    }
}
