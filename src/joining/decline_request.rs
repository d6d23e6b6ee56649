use super::{Joining, letters};
use crate::{
    access::OrgAccess,
    boxed, db,
    domain::{ActivityKind, JoinRequestId},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Joining {
    /// Turns somebody down who asked, and tells them. They cannot ask again by the same way
    /// for seven days. Needs [`crate::domain::Permission::Invite`].
    ///
    /// # Errors
    /// [`Error::NotFound`] as for accepting.
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.decline_request", skip_all)]
    #[boxed]
    pub async fn decline_request(&self, access: &OrgAccess, request: JoinRequestId) -> Result<()> {
        let mut change = self.begin_change(access).await?;
        let found = db::join_requests::find_open(&mut change.tx, change.id, request).await?;
        let found = found.ok_or(Error::NotFound)?;
        db::join_requests::decline(&mut change.tx, found.id, self.clock.now()).await?;
        change
            .record(ActivityKind::JoinRequestDeclined, &found.name, "")
            .await?;
        let letter = letters::declined(&found.name, &change.org);
        self.mail
            .post(&mut change.tx, &found.email, &letter)
            .await?;
        self.cache.commit(change.tx, &[]).await
    }
}
