use super::Invitations;
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db,
    domain::{ActivityKind, InvitationId, InvitationState, Permission},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Invitations {
    /// Takes an open invitation back: its links end, and its seat is free. Needs
    /// [`Permission::Invite`], and [`Permission::ManageOwners`] if it is about an owner.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] if it was decided; [`Error::Forbidden`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.cancel", skip_all)]
    #[boxed]
    pub async fn cancel(&self, access: &OrgAccess, invitation: InvitationId) -> Result<()> {
        access.require(Permission::Invite)?;
        let mut change = self.orgs.begin_change(access).await?;
        let now = self.clock.now();
        let found = self.find_open(&mut change, invitation, now).await?;
        let state = InvitationState::Cancelled;
        if !db::invitations::decide(&mut change.tx, invitation, state, now).await? {
            return Err(Error::NotFound);
        }
        change
            .record(
                ActivityKind::InvitationCancelled,
                found.email.as_str(),
                found.role.as_str(),
            )
            .await?;
        let outdated = [keys::subscription(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await
    }
}
