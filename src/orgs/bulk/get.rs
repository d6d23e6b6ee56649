use crate::{
    access::OrgAccess,
    boxed, db,
    domain::{
        BulkChange, BulkChangeId, BulkReport, BulkState, Page, PageNumber, PageSize, Permission,
    },
    error::{Error, Result},
    orgs::Orgs,
    telemetry::SPANS,
};

impl Orgs {
    /// How far a change of the organization is, with a page of those who are meant; for no id
    /// the one that was asked for last. `None`: none was, within a week. Needs
    /// [`Permission::ManageMembers`].
    ///
    /// # Errors
    /// [`Error::NotFound`] if the organization has no change of that id; [`Error::Forbidden`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "orgs.get_bulk_change", skip_all)]
    #[boxed]
    pub async fn get_bulk_change(
        &self,
        access: &OrgAccess,
        id: Option<BulkChangeId>,
        page: PageNumber,
    ) -> Result<Option<BulkReport>> {
        access.require(Permission::ManageMembers)?;
        let reader = self.db.reader();
        let found = db::bulk_changes::find(&reader, access.org_id(), id).await?;
        let Some(found) = found else {
            return if id.is_some() {
                Err(Error::NotFound)
            } else {
                Ok(None)
            };
        };
        let counts = db::bulk_changes::count(&reader, found.id).await?;
        let rows = db::bulk_changes::list_page(&reader, found.id, page).await?;
        let state = match (found.ended_as.zip(found.ended_at), found.undo_user) {
            (None, _) => BulkState::UnderWay,
            (Some((how, at)), None) => BulkState::Ended { how, at },
            (Some(_), Some(_)) => match found.undo_ended_as {
                None => BulkState::Undoing,
                Some(how) => BulkState::Undone { how },
            },
        };
        Ok(Some(BulkReport {
            rows: Page::of_exactly(counts.total, page, PageSize::default()).with(rows),
            change: BulkChange {
                id: found.id,
                action: found.action,
                asked_by: found.user_name,
                asked_at: found.created_at,
                state,
                counts,
            },
        }))
    }
}
