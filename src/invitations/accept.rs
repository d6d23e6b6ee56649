use super::Invitations;
use crate::{
    auth::{LinkToken, SignedIn},
    boxed,
    cache::keys,
    db::{self, activity::NewActivity},
    domain::{ActivityKind, InvitationState, MemberListQuery, OrgSlug},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Invitations {
    /// Makes the user a member, as the link's invitation says, and returns the organization's
    /// slug. It must be sent to the address that the user has, and has verified; having the
    /// link proves nothing about an address (see the module).
    ///
    /// # Errors
    /// [`Error::VerifyFirst`]; [`Error::DeadLink`] if the invitation was decided, has expired,
    /// or never was; [`Error::Conflict`] if it is for another address, or the user is a member
    /// already; [`Error::LimitReached`] if the organization has more members and invitations
    /// than seats; [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.accept", skip_all)]
    #[boxed]
    pub async fn accept(&self, user: &SignedIn, token: &LinkToken) -> Result<OrgSlug> {
        let now = self.clock.now();
        let hash = token.hash();
        let mut tx = self.db.begin().await?;
        let user_name = user.hold_verified(&mut tx, now).await?;
        let id = db::invitations::find_org_by_token(&mut tx, &hash).await?;
        let id = id.ok_or(Error::DeadLink)?;
        let org = db::orgs::lock(&mut tx, id).await?.ok_or(Error::DeadLink)?;
        // Whatever is decided about it is decided under the lock.
        let invitation = db::invitations::find_to_decide(&mut tx, id, &hash, now).await?;
        let invitation = invitation.ok_or(Error::DeadLink)?;
        // Not the session's word, which may be old: the user is held, so it cannot change now.
        let email = db::users::find_email(&mut tx, user.id).await?;
        if email.as_ref() != Some(&invitation.email) {
            return Err(Error::refused(
                "This invitation is for another address. Sign out, and sign in with that one.",
            ));
        }
        // Its own seat is among those that are taken.
        let seats = db::subscriptions::find_seats(&mut tx, id, now).await?;
        if seats.is_over() {
            return Err(Error::LimitReached(format!(
                "{} Nobody can join until somebody there makes room. Ask whoever invited you; \
                 the invitation stays open meanwhile.",
                seats.sentence()
            )));
        }
        let state = InvitationState::Accepted;
        if !db::invitations::decide(&mut tx, invitation.id, state, now).await? {
            return Err(Error::DeadLink);
        }
        db::members::insert(&mut tx, id, user.id, invitation.role).await?;
        let activity = NewActivity {
            org: id,
            actor: Some(user.id),
            actor_name: &user_name,
            kind: ActivityKind::InvitationAccepted,
            subject: invitation.email.as_str(),
            detail: invitation.role.as_str(),
        };
        db::activity::insert(&mut tx, activity).await?;
        // Until now "not a member" may have been cached for the user.
        let outdated = [
            keys::membership(&org.slug, user.id),
            keys::user_orgs(user.id),
            keys::member_page(&org.slug, &MemberListQuery::default()),
            keys::org_overview(&org.slug),
            keys::subscription(&org.slug),
        ];
        self.cache.commit(tx, &outdated).await?;
        Ok(org.slug)
    }
}
