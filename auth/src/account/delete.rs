use crate::{
    Auth, ClientInfo, LinkToken, SignedIn, boxed,
    db::{self, Tx, orgs::OwnedOrg},
    domain::{OrgId, TokenKind, UserId, text},
    error::{Error, Result},
    letters,
    limits::Limit,
    security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Auth {
    /// Mails a link that deletes the account.
    ///
    /// # Errors
    /// [`Error::Conflict`], naming the organizations, if others would be left without an
    /// owner, or a subscription goes on; [`Error::ConfirmFirst`]; [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.request_deletion", skip_all)]
    #[boxed]
    pub async fn request_deletion(&self, user: &SignedIn, client: &ClientInfo) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let name = user.hold_confirmed(&mut tx, self.clock.now()).await?;
        left_behind(&mut tx, user.id).await?;
        let _counted = self
            .limits
            .begin(Limit::Verification, &user.email, client)
            .await?;
        let kind = TokenKind::DeleteAccount;
        let letter = |token: &_| letters::delete_account(&name, token);
        self.mail_link(&mut tx, (user.id, kind), &user.email, "", letter)
            .await?;
        tx.commit_unannounced().await
    }

    /// Deletes the account that the link was mailed to, and the organizations that have no
    /// other member.
    ///
    /// # Errors
    /// [`Error::DeadLink`]; [`Error::Conflict`] as when it was asked for.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.delete_account", skip_all)]
    #[boxed]
    pub async fn delete_account(&self, token: &LinkToken) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let taken = self
            .take_token(&mut tx, TokenKind::DeleteAccount, token)
            .await?;
        for org in left_behind(&mut tx, taken.user).await? {
            db::orgs::delete(&mut tx, org).await?;
        }
        db::users::delete(&mut tx, taken.user).await?;
        let letter = letters::account_deleted(&taken.user_name);
        self.mail.post(&mut tx, &taken.email, &letter).await?;
        self.cache.commit(tx, &[]).await?;
        SecurityEvent::AccountDeleted(taken.user).record();
        Ok(())
    }
}

/// The organizations that would have no member without the user. Those that the user owns
/// alone are locked, as by whoever makes somebody else an owner.
///
/// Deleted ones are none of them: their members are out already, their subscriptions
/// cancelled. They are removed in their time, and until then nobody can restore those that
/// lose their last owner. (They are locked all the same, so that nobody restores one of them
/// at this moment.)
///
/// # Errors
/// [`Error::Conflict`] if there is one with other members, or with a subscription.
async fn left_behind(tx: &mut Tx, user: UserId) -> Result<Vec<OrgId>> {
    let mut owned = db::orgs::lock_owned_alone(tx, user).await?;
    owned.retain(|org| !org.is_deleted);
    let names = |which: fn(&OwnedOrg) -> bool| {
        let named = owned.iter().filter(|org| which(org));
        let names: Vec<_> = named
            .map(|org| format!("{} (/orgs/{})", text::isolated(&org.name), org.slug))
            .collect();
        names.join(", ")
    };
    let with_others = names(|org| org.has_other_members);
    if !with_others.is_empty() {
        return Err(Error::refused(&format!(
            "You are the only owner of organizations that have other members: {with_others}. \
             Make somebody else an owner of each first, then try again."
        )));
    }
    let subscribed = names(|org| org.has_subscription);
    if !subscribed.is_empty() {
        return Err(Error::refused(&format!(
            "Organizations of yours have a subscription: {subscribed}. \
             Cancel it first, then try again."
        )));
    }
    Ok(owned.into_iter().map(|org| org.id).collect())
}
