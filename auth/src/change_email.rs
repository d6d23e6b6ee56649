use super::{
    Auth, ClientInfo, LinkToken, SignedIn, factors::drop_requirement_without_means, letters,
    limits::Limit,
};
use crate::{
    boxed, db,
    domain::{Email, Invalid, TokenKind},
    error::{Error, Result},
    security_log::SecurityEvent,
    telemetry::SPANS,
};

/// What ends when an account gets another address: links that were mailed to the one before.
const OLD_LINKS: [TokenKind; 4] = [
    TokenKind::VerifyEmail,
    TokenKind::ResetPassword,
    TokenKind::ChangeEmail,
    TokenKind::DeleteAccount,
];

impl Auth {
    /// Mails a link to the address that the user wants to have. If somebody else has it,
    /// they are told, and nobody else is.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `email` if it is the one they have;
    /// [`Error::ConfirmFirst`]; [`Error::RateLimited`]; [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.request_email_change", skip_all)]
    #[boxed]
    pub async fn request_email_change(
        &self,
        user: &SignedIn,
        email: &Email,
        client: &ClientInfo,
    ) -> Result<()> {
        if *email == user.email {
            return Err(Error::Invalid(Invalid::new(
                "email",
                "This is the address you have. Enter the new one.",
            )));
        }
        let mut tx = self.db.begin().await?;
        let name = user.hold_confirmed(&mut tx, self.clock.now()).await?;
        let _counted = self
            .limits
            .begin(Limit::Verification, email, client)
            .await?;
        let kind = TokenKind::ChangeEmail;
        let is_taken = db::users::find_reachable(&mut tx, email).await?.is_some();
        // Made in any case, so that both cost the same. Nobody is mailed a useless one.
        let letter = |token: &_| match is_taken {
            false => letters::change_email(&name, token),
            true => letters::address_in_use(),
        };
        self.mail_link(&mut tx, (user.id, kind), email, "", letter)
            .await?;
        tx.commit_unannounced().await
    }

    /// Gives the account the address that the link was mailed to, and tells the one before,
    /// with a link that takes it back.
    ///
    /// # Errors
    /// [`Error::DeadLink`]; [`Error::Conflict`] if somebody else has the address by now.
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.change_email", skip_all)]
    #[boxed]
    pub async fn change_email(&self, token: &LinkToken) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let taken = self
            .take_token(&mut tx, TokenKind::ChangeEmail, token)
            .await?;
        let (new, old) = (&taken.email, &taken.user_email);
        db::users::set_email(&mut tx, taken.user, new, self.clock.now()).await?;
        db::account_tokens::delete(&mut tx, taken.user, &OLD_LINKS).await?;
        let kind = TokenKind::UndoEmailChange;
        let letter = |token: &_| letters::email_changed(&taken.user_name, new, token);
        self.mail_link(&mut tx, (taken.user, kind), old, "", letter)
            .await?;
        self.cache.commit(tx, &[]).await?;
        SecurityEvent::EmailChanged(taken.user).record();
        self.newcomers.take_in(taken.user).await;
        Ok(())
    }

    /// Gives the account the address back that the link was mailed to. Whoever changed it
    /// may be somebody else, who knows the password: it is gone, all sessions end, and a link
    /// for a new one is mailed.
    ///
    /// # Errors
    /// As [`Self::change_email`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.undo_email_change", skip_all)]
    #[boxed]
    pub async fn undo_email_change(&self, token: &LinkToken) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let taken = self
            .take_token(&mut tx, TokenKind::UndoEmailChange, token)
            .await?;
        let email = &taken.email;
        db::users::set_email(&mut tx, taken.user, email, self.clock.now()).await?;
        db::credentials::remove_password(&mut tx, taken.user).await?;
        // Whoever changed the address may have made ways in of their own since. What was
        // there before goes on protecting the account.
        db::identities::delete_all(&mut tx, taken.user).await?;
        db::passkeys::delete_since(&mut tx, taken.user, taken.created_at).await?;
        db::totp::delete_since(&mut tx, taken.user, taken.created_at).await?;
        drop_requirement_without_means(&mut tx, taken.user).await?;
        db::account_tokens::delete(&mut tx, taken.user, &OLD_LINKS).await?;
        let kind = TokenKind::ResetPassword;
        let letter = |token: &_| letters::reset_password(&taken.user_name, token);
        self.mail_link(&mut tx, (taken.user, kind), email, "", letter)
            .await?;
        self.cache.commit(tx, &[]).await?;
        SecurityEvent::EmailChangeUndone(taken.user).record();
        Ok(())
    }
}
