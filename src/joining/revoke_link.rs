use super::Joining;
use crate::{
    access::OrgAccess,
    boxed, db,
    domain::{ActivityKind, JoinLinkId},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Joining {
    /// Ends a link. Whoever has joined by it stays, and whoever has asked goes on waiting.
    /// Needs [`crate::domain::Permission::Invite`].
    ///
    /// # Errors
    /// [`Error::NotFound`] if the organization has no such link, or it was revoked before.
    #[tracing::instrument(level = "debug", target = SPANS, name = "joining.revoke_link", skip_all)]
    #[boxed]
    pub async fn revoke_link(&self, access: &OrgAccess, link: JoinLinkId) -> Result<()> {
        let mut change = self.begin_change(access).await?;
        let now = self.clock.now();
        if !db::join_links::revoke(&mut change.tx, change.id, link, now).await? {
            return Err(Error::NotFound);
        }
        change.record(ActivityKind::JoinLinkRevoked, "", "").await?;
        self.cache.commit(change.tx, &[]).await
    }
}
