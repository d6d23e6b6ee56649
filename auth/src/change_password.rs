use super::{Auth, ClientInfo, SignedIn, letters};
use crate::{
    boxed,
    cache::keys,
    db,
    domain::{NewPassword, TokenKind},
    error::Result,
    security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Auth {
    /// Changes the password of somebody who knows the one they have. All their other
    /// sessions end.
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`] on the field `current` if it is wrong;
    /// [`crate::error::Error::RateLimited`]; [`crate::error::Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.change_password", skip_all)]
    #[boxed]
    pub async fn change_password(
        &self,
        user: &SignedIn,
        current: &str,
        new: NewPassword,
        client: &ClientInfo,
    ) -> Result<()> {
        self.check_password(user, "current", current).await?;
        let hash = self.passwords.hash(new).await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        db::users::lock(&mut tx, user.id).await?;
        let name = user.hold(&mut tx, now).await?;
        let epoch = db::credentials::set_password(&mut tx, user.id, &hash).await?;
        db::sessions::keep(&mut tx, user.session(), epoch).await?;
        db::sessions::confirm(&mut tx, user.session(), now).await?;
        let links = [TokenKind::ResetPassword, TokenKind::DeleteAccount];
        db::account_tokens::delete(&mut tx, user.id, &links).await?;
        let letter = letters::password_changed(&name);
        self.mail.post(&mut tx, &user.email, &letter).await?;
        self.cache
            .commit(tx, &[keys::session(user.session())])
            .await?;
        // It ended the marks of all devices, this one's, too.
        self.devices.remember(&client.device, user, epoch, now);
        SecurityEvent::PasswordChanged(user.id).record();
        Ok(())
    }
}
