use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db,
    domain::{ActivityKind, BulkChangeId, BulkEnd, Permission},
    error::{Error, Result},
    orgs::Orgs,
    telemetry::SPANS,
};

impl Orgs {
    /// Ends a change that is under way. Whom it has come to stays changed, and can be taken
    /// back; the rest is left. Anybody with [`Permission::ManageMembers`] may.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the organization has no such change; [`Error::Conflict`] if it has
    /// ended; [`Error::Forbidden`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.cancel_bulk_change", skip_all)]
    #[boxed]
    pub async fn cancel_bulk_change(&self, access: &OrgAccess, id: BulkChangeId) -> Result<()> {
        access.require(Permission::ManageMembers)?;
        let mut change = self.begin_change(access).await?;
        change.require(Permission::ManageMembers)?;
        let found = db::bulk_changes::find_in_org(&mut change.tx, change.id, id).await?;
        let found = found.ok_or(Error::NotFound)?;
        if found.ended_as.is_some() {
            return Err(Error::refused(
                "This change had ended before it could be cancelled.",
            ));
        }
        let counts = self
            .end_bulk_change(&mut change.tx, &change.org, &found, BulkEnd::Cancelled)
            .await?;
        let what = found.action.of(counts.total - counts.reached());
        change
            .record(ActivityKind::BulkChangeCancelled, "", &what)
            .await?;
        let outdated = [keys::activity_page(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await
    }
}
