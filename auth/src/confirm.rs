use super::{
    Auth, SignedIn,
    limits::{Attempt, Limit},
};
use crate::{
    boxed,
    cache::keys,
    db,
    domain::{Invalid, UserId},
    error::{Error, Result},
    security_log::SecurityEvent,
    telemetry::SPANS,
};

impl Auth {
    /// Asks the person behind a session for the password again, before what cannot be
    /// undone. It counts for ten minutes: see [`SignedIn::hold_confirmed`].
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field `password` if it is wrong; [`Error::RateLimited`] after
    /// too many of one session, [`Error::Busy`] as for [`Auth::sign_in`];
    /// [`Error::SignedOut`].
    #[tracing::instrument(level = "debug", target = SPANS, name = "auth.confirm", skip_all)]
    #[boxed]
    pub async fn confirm(&self, user: &SignedIn, password: &str) -> Result<()> {
        self.check_password(user, "password", password).await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        user.hold(&mut tx, now).await?;
        db::sessions::confirm(&mut tx, user.session(), now).await?;
        self.cache
            .commit(tx, &[keys::session(user.session())])
            .await
    }

    /// Checks the password of somebody who is signed in, typed into `field`.
    ///
    /// # Errors
    /// As [`Self::confirm`].
    pub(super) async fn check_password(
        &self,
        user: &SignedIn,
        field: &str,
        password: &str,
    ) -> Result<()> {
        let attempt = self.limits.begin_signed_in(Limit::SignIn, user).await?;
        if self.is_password_of(user.id, password, attempt).await? {
            return Ok(());
        }
        Err(Error::Invalid(Invalid::new(
            field,
            "This is not your password. Check it and try again.",
        )))
    }

    /// Whether the password is this user's. Only a wrong one counts as an attempt.
    ///
    /// # Errors
    /// [`Error::Busy`]; [`Error::Unavailable`].
    pub(super) async fn is_password_of(
        &self,
        user: UserId,
        password: &str,
        attempt: Attempt,
    ) -> Result<bool> {
        let verified = async {
            let hash = db::credentials::find_password_hash(&self.db.reader(), user).await?;
            self.passwords.verify(password.to_owned(), hash).await
        };
        let verified = verified.await;
        match verified {
            Ok(false) => SecurityEvent::ConfirmationFailed(user).record(),
            Ok(true) | Err(_) => attempt.forgive().await,
        }
        verified
    }
}
