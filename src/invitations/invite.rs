use super::{BETWEEN_MAILS, Invitations, may_invite, no_seat};
use crate::{
    access::OrgAccess,
    boxed,
    cache::keys,
    db::{self, invitations::Invitee},
    domain::{Email, Permission, Role},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Invitations {
    /// Invites an address and mails it a link. If an invitation to it is open, that one gets
    /// this role and begins anew, without another seat; the same again within a minute
    /// changes nothing. Needs [`Permission::Invite`], and [`Permission::ManageOwners`] to
    /// invite an owner.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the permission; [`Error::Conflict`] on the field `email`
    /// if the address is a member's; [`Error::LimitReached`] if no seat is free, or too many
    /// invitations were mailed.
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.invite", skip_all)]
    #[boxed]
    pub async fn invite(&self, access: &OrgAccess, email: &Email, role: Role) -> Result<()> {
        access.require(Permission::Invite)?;
        let mut change = self.orgs.begin_change(access).await?;
        if !may_invite(change.actor.role, role) {
            return Err(Error::Forbidden);
        }
        let now = self.clock.now();
        let (org, tx) = (change.id, &mut change.tx);
        let known =
            db::invitations::find_invitees(tx, org, std::slice::from_ref(email), now).await?;
        let known = known.first().ok_or_else(no_answer)?;
        if known.is_member {
            return Err(Error::conflict(
                "email",
                "This person is a member already. Change their role in the list of members.",
            ));
        }
        // Who takes back an offer of ownership touches it, too.
        if known
            .invited_role
            .is_some_and(|invited| !may_invite(change.actor.role, invited))
        {
            return Err(Error::Forbidden);
        }
        if was_sent_just_now(known, role, now) {
            return Ok(());
        }
        if !known.has_seat {
            let seats = db::subscriptions::find_seats(&mut change.tx, org, now).await?;
            if seats.free() == 0 {
                return Err(no_seat(&seats));
            }
        }
        self.allow_mails(&mut change, 1, now).await?;
        self.invite_one(&mut change, email, role, now).await?;
        let outdated = [keys::subscription(&change.org.slug)];
        self.cache.commit(change.tx, &outdated).await
    }
}

/// A statement answered nothing that always answers.
pub(super) fn no_answer() -> Error {
    Error::internal("nothing is known of an address that was asked about")
}

/// Whether the very same invitation was mailed a moment ago: by a double click.
pub(super) fn was_sent_just_now(known: &Invitee, role: Role, now: time::OffsetDateTime) -> bool {
    known.has_seat
        && known.invited_role == Some(role)
        && known
            .sent_at
            .is_some_and(|sent_at| now - sent_at < BETWEEN_MAILS)
}
