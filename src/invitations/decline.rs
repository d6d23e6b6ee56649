use super::Invitations;
use crate::{
    auth::{LinkToken, SignedIn},
    boxed,
    cache::keys,
    db::{self, activity::NewActivity},
    domain::{ActivityKind, InvitationState},
    error::{Error, Result},
    telemetry::SPANS,
};

impl Invitations {
    /// Turns an invitation down. Whoever has the link may: somebody without an account wants
    /// no more of it, and it can be sent again.
    ///
    /// # Errors
    /// [`Error::DeadLink`] if it was decided, has expired, or never was.
    #[tracing::instrument(level = "debug", target = SPANS, name = "invitations.decline", skip_all)]
    #[boxed]
    pub async fn decline(&self, user: Option<&SignedIn>, token: &LinkToken) -> Result<()> {
        let now = self.clock.now();
        let hash = token.hash();
        let mut tx = self.db.begin().await?;
        let actor = match user {
            Some(user) => Some((user.id, user.hold(&mut tx, now).await?)),
            None => None,
        };
        let id = db::invitations::find_org_by_token(&mut tx, &hash).await?;
        let id = id.ok_or(Error::DeadLink)?;
        let org = db::orgs::lock(&mut tx, id).await?.ok_or(Error::DeadLink)?;
        let invitation = db::invitations::find_to_decide(&mut tx, id, &hash, now).await?;
        let invitation = invitation.ok_or(Error::DeadLink)?;
        let state = InvitationState::Declined;
        if !db::invitations::decide(&mut tx, invitation.id, state, now).await? {
            return Err(Error::DeadLink);
        }
        let (actor, name) = actor.unzip();
        let activity = NewActivity {
            org: id,
            actor,
            actor_name: name.as_deref().unwrap_or(invitation.email.as_str()),
            kind: ActivityKind::InvitationDeclined,
            subject: invitation.email.as_str(),
            detail: invitation.role.as_str(),
        };
        db::activity::insert(&mut tx, activity).await?;
        let outdated = [keys::subscription(&org.slug)];
        self.cache.commit(tx, &outdated).await
    }
}
