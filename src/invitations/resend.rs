use super::{BETWEEN_MAILS, Invitations, no_seat};
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db,
    domain::{ActivityKind, INVITATION_LIFETIME, InvitationId, InvitationState, Permission},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Invitations {
    /// Mails an open invitation again, with another link; those before go on working. It
    /// lives for a week from now, and takes a seat again if it had expired. Needs
    /// [`Permission::Invite`], and [`Permission::ManageOwners`] if it is about an owner.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] if it was decided; [`Error::RateLimited`]
    /// within a minute; [`Error::LimitReached`] if it had expired and no seat is free, or too
    /// many invitations were mailed; [`Error::Forbidden`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.resend", skip_all)]
    #[boxed]
    pub async fn resend(&self, access: &OrgAccess, invitation: InvitationId) -> Result<()> {
        access.require(Permission::Invite)?;
        let mut change = self.orgs.begin_change(access).await?;
        let now = self.clock.now();
        let found = self.find_open(&mut change, invitation, now).await?;
        let next = found.sent_at + BETWEEN_MAILS;
        if now < next {
            return Err(Error::RateLimited {
                retry_after_seconds: (next - now).whole_seconds().unsigned_abs().max(1),
            });
        }
        if found.state == InvitationState::Expired {
            let seats = db::subscriptions::find_seats(&mut change.tx, change.id, now).await?;
            if seats.free() == 0 {
                return Err(no_seat(&seats));
            }
        }
        self.allow_mails(&mut change, 1, now).await?;
        let expires_at = now + INVITATION_LIFETIME;
        db::invitations::renew(&mut change.tx, invitation, now, expires_at).await?;
        self.mail_invitation(
            &mut change,
            (invitation, ActivityKind::InvitationResent),
            (&found.email, found.role),
            now,
        )
        .await?;
        let outdated = [keys::subscription(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await
    }
}
