use super::{Auth, ClientInfo, LinkToken, letters, limits::Limit, queued::SEND_RESET_LINK};
use crate::{
    boxed,
    db::{self, Tx},
    domain::{Email, NewPassword, TokenKind},
    error::Result,
    security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Auth {
    /// Somebody forgot the password of the account with this address. Whether there is one,
    /// a job finds out: the answer comes before, so that it tells nothing by the time it takes.
    ///
    /// # Errors
    /// [`crate::error::Error::RateLimited`]; [`crate::error::Error::Unavailable`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.forgot_password", skip_all)]
    #[boxed]
    pub async fn forgot_password(&self, email: &Email, client: &ClientInfo) -> Result<()> {
        let _counted = self.limits.begin(Limit::Reset, email, client).await?;
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        self.queue
            .push(&mut tx, SEND_RESET_LINK, email, now, None)
            .await?;
        tx.commit_unannounced().await
    }

    /// Mails a link for a new password, if the address has an account.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`].
    #[cfg(feature = "test-hooks")]
    pub async fn send_reset_link(&self, email: &Email) -> Result<()> {
        let mut tx = self.db.begin().await?;
        self.mail_reset_link(&mut tx, email).await?;
        tx.commit_unannounced().await
    }

    /// The same, in a transaction.
    pub(super) async fn mail_reset_link(&self, tx: &mut Tx, email: &Email) -> Result<()> {
        let Some(user) = db::users::find_reachable(tx, email).await? else {
            return Ok(());
        };
        let kind = TokenKind::ResetPassword;
        let letter = |token: &_| letters::reset_password(&user.name, token);
        self.mail_link(tx, (user.id, kind), email, "", letter).await
    }

    /// Sets a password for whoever has the link that was mailed. All sessions end, the
    /// address is verified by it, and links that were mailed before end, too: somebody else
    /// may have asked for them.
    ///
    /// # Errors
    /// [`crate::error::Error::DeadLink`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.reset_password", skip_all)]
    #[boxed]
    pub async fn reset_password(&self, token: &LinkToken, password: NewPassword) -> Result<()> {
        let hash = self.passwords.hash(password).await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let kind = TokenKind::ResetPassword;
        let taken = self.take_token(&mut tx, kind, token).await?;
        // Mailed to an address that the account does not have any more.
        if taken.email != taken.user_email {
            return Err(crate::error::Error::DeadLink);
        }
        db::credentials::set_password(&mut tx, taken.user, &hash).await?;
        let was_verified = db::users::hold_verified(&mut tx, taken.user)
            .await?
            .is_some();
        db::users::verify_email(&mut tx, taken.user, &taken.email, now).await?;
        let others = [
            TokenKind::VerifyEmail,
            TokenKind::ChangeEmail,
            TokenKind::DeleteAccount,
        ];
        db::account_tokens::delete(&mut tx, taken.user, &others).await?;
        let letter = letters::password_changed(&taken.user_name);
        self.mail.post(&mut tx, &taken.email, &letter).await?;
        self.cache.commit(tx, &[]).await?;
        SecurityEvent::PasswordReset(taken.user).record();
        // Who has left must not come back by forgetting a password.
        if !was_verified {
            self.newcomers.take_in(taken.user).await;
        }
        Ok(())
    }
}
