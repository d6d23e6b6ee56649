use super::{Joining, letters};
use crate::{
    access::OrgAccess,
    boxed, db,
    domain::{ActivityKind, JoinRequestId},
    error::{Error, Result},
    newcomers::{let_in, outdated_by},
    telemetry::SPANS,
};

impl Joining {
    /// Makes somebody a member who asked, and tells them. Needs
    /// [`crate::domain::Permission::Invite`].
    ///
    /// # Errors
    /// [`Error::NotFound`] if nobody waits by this request: it was answered, or they became a
    /// member in another way, were banned, or are gone; [`Error::LimitReached`] if there is no
    /// seat, and the request waits on.
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.accept_request", skip_all)]
    #[boxed]
    pub async fn accept_request(&self, access: &OrgAccess, request: JoinRequestId) -> Result<()> {
        let mut change = self.begin_change(access).await?;
        let found = db::join_requests::find_open(&mut change.tx, change.id, request).await?;
        let found = found.ok_or(Error::NotFound)?;
        // A trigger ends the request.
        let_in(&mut change.tx, change.id, found.user_id, self.clock.now()).await?;
        change
            .record(ActivityKind::JoinRequestAccepted, &found.name, "")
            .await?;
        let letter = letters::accepted(&found.name, &change.org);
        self.mail
            .post(&mut change.tx, &found.email, &letter)
            .await?;
        let outdated = outdated_by(&change.org.slug, found.user_id);
        self.cache.commit(change.tx, &outdated).await
    }
}
