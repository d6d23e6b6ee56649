use super::get_pending;
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db,
    domain::{ActivityKind, Permission},
    error::{Error, Result},
    orgs::Orgs,
    telemetry::SPANS,
};

impl Orgs {
    /// Takes back the offer of ownership, one's own or another owner's: owners answer for
    /// each other. Needs [`Permission::ManageOwners`].
    ///
    /// # Errors
    /// [`Error::Conflict`] if there is no offer any more; [`Error::Forbidden`] without the
    /// permission.
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.withdraw_ownership", skip_all)]
    #[boxed]
    pub async fn withdraw_ownership(&self, access: &OrgAccess) -> Result<()> {
        access.require(Permission::ManageOwners)?;
        let now = self.clock.now();
        let mut change = self.begin_change(access).await?;
        if !change.actor.role.may(Permission::ManageOwners) {
            return Err(Error::Forbidden);
        }
        let offer = get_pending(&mut change, now).await?;
        db::ownership::delete(&mut change.tx, change.id).await?;
        change
            .record(ActivityKind::OwnershipWithdrawn, &offer.to_name, "")
            .await?;
        let outdated = [keys::org_overview(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await
    }
}
