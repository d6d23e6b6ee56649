use super::Invitations;
use crate::{
    access::OrgAccess,
    boxed, db,
    domain::{InvitationListQuery, InvitationPage, Permission},
    error::Result,
    telemetry::SPANS,
};

impl Invitations {
    /// A page of the organization's invitations in one state. Needs [`Permission::Invite`].
    ///
    /// It is not cached: few look at it, and what they see changes with the time. A search
    /// reads all of the organization's invitations, so it is a heavy read.
    ///
    /// # Errors
    /// [`crate::error::Error::Forbidden`]; for a search
    /// [`crate::error::Error::TooManyAtOnce`] and [`crate::error::Error::Busy`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.list", skip_all)]
    #[boxed]
    pub async fn list(
        &self,
        access: &OrgAccess,
        query: &InvitationListQuery,
    ) -> Result<InvitationPage> {
        access.require(Permission::Invite)?;
        let (org, now) = (access.org_id(), self.clock.now());
        if query.search.is_empty() {
            return db::invitations::list_page(&self.db.reader(), org, query, now).await;
        }
        let query = query.clone();
        let search =
            |reader| async move { db::invitations::list_page(&reader, org, &query, now).await };
        self.db.heavy_read(access.user().id, search).await
    }
}
