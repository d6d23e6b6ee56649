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
    /// Ends a change that is under way, or taking it back. Whom it has come to stays as they are
    /// by then, and, of a change, can be taken back; the rest is left. Anybody with
    /// [`Permission::ManageMembers`] may.
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
        let left = if found.ended_as.is_none() {
            let counts = self
                .end_bulk_change(&mut change.tx, &change.org, &found, BulkEnd::Cancelled)
                .await?;
            counts.total - counts.reached()
        } else if found.undo_user.is_some() && found.undo_ended_as.is_none() {
            self.note_undo_end(&mut change.tx, &found, BulkEnd::Cancelled)
                .await?;
            let counts = db::bulk_changes::count_at_end(&mut change.tx, id).await?;
            counts.done - counts.undo_reached()
        } else {
            return Err(Error::refused(
                "This change had ended before it could be cancelled.",
            ));
        };
        let what = found.action.of(left);
        change
            .record(ActivityKind::BulkChangeCancelled, "", &what)
            .await?;
        let outdated = [keys::activity_page(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await
    }
}
