use super::Invitations;
use crate::{
    access::OrgAccess,
    auth::LinkToken,
    boxed, db,
    domain::{ActivityKind, InvitationId, InvitationState, Permission},
    error::{Error, Result},
    routes,
    telemetry::SPANS,
};

impl Invitations {
    /// Makes another link of a pending invitation, for somebody to send in their own way, and
    /// returns its path; the newest five work. Needs [`Permission::Invite`], and [`Permission::ManageOwners`] if it
    /// is about an owner.
    ///
    /// The database cannot tell a link that it has only the hash of, so a link that is shown
    /// is always a new one.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] if it was decided or has expired;
    /// [`Error::Forbidden`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.renew_link", skip_all)]
    #[boxed]
    pub async fn renew_link(&self, access: &OrgAccess, invitation: InvitationId) -> Result<String> {
        access.require(Permission::Invite)?;
        let mut change = self.orgs.begin_change(access).await?;
        let now = self.clock.now();
        let found = self.find_open(&mut change, invitation, now).await?;
        if found.state != InvitationState::Pending {
            return Err(Error::refused(
                "This invitation has expired. Send it again, then copy its link.",
            ));
        }
        let token = LinkToken::random();
        db::invitations::insert_token(&mut change.tx, invitation, &token.hash(), now).await?;
        change
            .record(
                ActivityKind::InvitationLinkMade,
                found.email.as_str(),
                found.role.as_str(),
            )
            .await?;
        self.cache.commit(change.tx, &[]).await?;
        Ok(routes::invitation(token.text()))
    }
}
